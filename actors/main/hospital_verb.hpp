#pragma once

#include <memory>

namespace CLI {
class App;
}

namespace musiccorp::program {

/// `musiccorp hospital ...`: dead letters of a running shop, from a terminal or a script.
///
/// Exit codes: 0 done, 1 the shop refused (its words are on stderr), 64 wrong command line, 69 the shop can't be
/// reached or can't answer now.
class hospital_verb {
 public:
  /// Adds the verb. What the words say is kept here, so this outlives the parsing.
  explicit hospital_verb(CLI::App& app);
  ~hospital_verb();
  hospital_verb(const hospital_verb&) = delete;
  hospital_verb& operator=(const hospital_verb&) = delete;

  /// After parsing, when the verb was chosen.
  [[nodiscard]] int run() const;

 private:
  void add_batch_verbs(CLI::App& top);

  struct words;
  std::unique_ptr<words> words_;
};

}  // namespace musiccorp::program
