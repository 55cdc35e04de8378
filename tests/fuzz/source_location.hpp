#pragma once

/// clang 14 has no `__builtin_source_location`, so libstdc++ leaves `std::source_location` out. This one is enough
/// for `ensure`; included before everything else, only in fuzz programs.
#if !__has_builtin(__builtin_source_location)
namespace std {
class source_location {
 public:
  static constexpr source_location current(const char* file = __builtin_FILE(),
                                           unsigned line = __builtin_LINE()) noexcept {
    source_location here;
    here.file_ = file;
    here.line_ = line;
    return here;
  }
  constexpr const char* file_name() const noexcept { return file_; }
  constexpr unsigned line() const noexcept { return line_; }

 private:
  const char* file_ = "";
  unsigned line_ = 0;
};
}  // namespace std
#endif
