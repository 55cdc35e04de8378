#include "http/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstdlib>

#include "base/ensure.hpp"

namespace musiccorp::http {
namespace {

constexpr std::size_t worth_packing = 1024;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Takes the part before `separator` off the front, spaces aside.
std::string_view take_part(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const auto part = trimmed(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

/// The weight of one coding, 1 when none is given.
double weight_of(std::string_view parameters) {
  while (!parameters.empty()) {
    const auto one = take_part(parameters, ';');
    if (one.starts_with("q=") || one.starts_with("Q=")) return std::atof(std::string{one.substr(2)}.c_str());
  }
  return 1;
}

}  // namespace

std::string gzip(std::string_view text) {
  constexpr int with_gzip_header = 15 + 16, memory = 8;
  z_stream stream{};
  ensure(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, with_gzip_header, memory, Z_DEFAULT_STRATEGY) == Z_OK,
         "zlib is there");
  std::string packed(deflateBound(&stream, text.size()), '\0');
  // zlib's input is not const, but it does not write to it.
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const bool whole = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  ensure(whole, "a bound is a bound");
  return packed;
}

bool accepts_gzip(const request& asked) {
  auto codings = asked.headers.find("accept-encoding").value_or(std::string_view{});
  double any = 0;
  while (!codings.empty()) {
    auto coding = take_part(codings, ',');
    const auto name = take_part(coding, ';');
    if (same_name(name, "gzip") || same_name(name, "x-gzip")) return weight_of(coding) > 0;
    if (name == "*") any = weight_of(coding);
  }
  return any > 0;
}

reply compressed(const request& asked, reply answer) {
  answer.headers.push_back({"vary", "accept-encoding"});
  if (text_of(answer.body).size() <= worth_packing || !accepts_gzip(asked)) return answer;
  answer.body = gzip(text_of(answer.body));
  answer.headers.push_back({"content-encoding", "gzip"});
  return answer;
}

}  // namespace musiccorp::http
