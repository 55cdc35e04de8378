#include "http/gzip.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

namespace musiccorp::http {
namespace {

std::string unpacked(std::string_view packed) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) return "no zlib";
  std::string text(1U << 20U, '\0');
  std::string input{packed};
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  const auto end = inflate(&stream, Z_FINISH);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return end == Z_STREAM_END ? text : "broken";
}

request asking(std::string_view accepts) {
  request asked;
  if (!accepts.empty()) asked.headers.add("Accept-Encoding", accepts);
  return asked;
}

std::string header(const reply& answer, std::string_view name) {
  for (const auto& one : answer.headers)
    if (one.name == name) return one.value;
  return {};
}

TEST(Gzip, UnpacksToWhatWasPacked) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "runtime_queue_messages " + std::to_string(i) + "\n";
  EXPECT_EQ(unpacked(gzip(text)), text);
  EXPECT_LT(gzip(text).size(), text.size() / 3);
  EXPECT_EQ(unpacked(gzip("")), "");
}

TEST(Gzip, IsForThoseWhoTakeIt) {
  EXPECT_TRUE(accepts_gzip(asking("gzip")));
  EXPECT_TRUE(accepts_gzip(asking("deflate, GZIP;q=0.5")));
  EXPECT_TRUE(accepts_gzip(asking("br;q=1, *;q=0.1")));
  EXPECT_FALSE(accepts_gzip(asking("")));
  EXPECT_FALSE(accepts_gzip(asking("identity, br")));
  EXPECT_FALSE(accepts_gzip(asking("gzip;q=0")));
  EXPECT_FALSE(accepts_gzip(asking("*, gzip; q=0.0")));
}

TEST(Gzip, LeavesSmallAnswersAndOtherClientsAlone) {
  reply large;
  large.body = std::string(5'000, 'x');
  const auto packed = compressed(asking("gzip"), large);
  EXPECT_EQ(header(packed, "content-encoding"), "gzip");
  EXPECT_EQ(header(packed, "vary"), "accept-encoding");
  EXPECT_EQ(unpacked(text_of(packed.body)), std::string(5'000, 'x'));
  const auto plain = compressed(asking("identity"), large);
  EXPECT_EQ(header(plain, "content-encoding"), "");
  EXPECT_EQ(header(plain, "vary"), "accept-encoding");
  EXPECT_EQ(text_of(plain.body).size(), 5'000U);
  reply small;
  small.body = std::string{"{}"};
  EXPECT_EQ(header(compressed(asking("gzip"), small), "content-encoding"), "");
}

}  // namespace
}  // namespace musiccorp::http
