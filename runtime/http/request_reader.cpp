#include "http/request_reader.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <limits>

#include "http/target.hpp"

namespace musiccorp::http {

namespace beast = boost::beast;
using beast::error_code;
using beast_text = beast::string_view;

namespace {

constexpr std::string_view plain(beast_text text) { return {text.data(), text.size()}; }

/// Room for chunk sizes, their extensions and trailers, which count neither as header nor as body.
constexpr std::size_t between_limit = 4096;

}  // namespace

/// Beast's grammar with our containers: fields go straight into a `request`, no second copy.
class request_reader::parser final : public beast::http::basic_parser<true> {
 public:
  explicit parser(reader_limits limits) : limit_(limits.header_limit) {
    header_limit(static_cast<std::uint32_t>(
        std::min<std::size_t>(limits.header_limit, std::numeric_limits<std::uint32_t>::max())));
    body_limit(limits.body_limit);
  }

  request what;
  bool modern = true;  ///< HTTP/1.1, not 1.0
  bool expects_continue = false;
  int refused_status = 0;
  std::string refused_text;

 private:
  std::size_t limit_;
  std::size_t used_ = 0;
  int hosts_ = 0;
  bool head_done_ = false;

  void refuse(int status, std::string text, error_code& ec) {
    refused_status = status;
    refused_text = std::move(text);
    ec = beast::http::error::bad_value;
  }

  /// Beast counts only what it has not yet consumed, so a header that trickles line by line could grow without end.
  void charge(std::size_t bytes, error_code& ec) {
    used_ += bytes;
    if (used_ > limit_) ec = beast::http::error::header_limit;
  }

  void on_request_impl(beast::http::verb, beast_text method, beast_text target, int version,
                       error_code& ec) override {
    modern = version >= 11;
    what.method = plain(method);
    what.target = plain(target);
    charge(method.size() + target.size() + sizeof " HTTP/1.1\r\n", ec);
  }

  void on_response_impl(int, beast_text, int, error_code&) override {}

  void on_field_impl(beast::http::field name, beast_text text, beast_text value, error_code& ec) override {
    if (head_done_) return;  // A trailer: nobody asked for it, and it must not change what was decided.
    charge(text.size() + value.size() + sizeof ": \r", ec);
    if (ec) return;
    if (name == beast::http::field::host) ++hosts_;
    if (name == beast::http::field::transfer_encoding && !same_name(plain(value), "chunked"))
      return refuse(400, "the only transfer-encoding understood is chunked", ec);
    if (name == beast::http::field::expect) {
      if (!same_name(plain(value), "100-continue"))
        return refuse(417, "the only expectation met is 100-continue", ec);
      expects_continue = true;
    }
    what.headers.add(plain(text), plain(value));
  }

  void on_header_impl(error_code& ec) override {
    head_done_ = true;
    if (hosts_ > 1 || (modern && hosts_ == 0)) return refuse(400, "one host header is needed", ec);
    if (!modern && chunked()) return refuse(400, "HTTP/1.0 has no transfer-encoding", ec);
    auto parts = http::parse_target(what.target);
    if (!parts) return refuse(400, std::move(parts.error().text), ec);
    what.path = std::move(parts->path);
    what.query = std::move(parts->query);
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    if (length) what.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*length, 1U << 16U)));
  }
  std::size_t on_body_impl(beast_text text, error_code&) override {
    what.body.append(text.data(), text.size());
    return text.size();
  }
  void on_chunk_header_impl(std::uint64_t, beast_text, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast_text text, error_code& ec) override {
    return on_body_impl(text, ec);
  }
  void on_finish_impl(error_code&) override {}
};

request_reader::request_reader(reader_limits limits) : limits_(limits), parser_(std::make_unique<parser>(limits)) {}
request_reader::~request_reader() = default;

request_reader::step request_reader::feed(std::string_view bytes) {
  std::size_t consumed = 0;
  while (consumed < bytes.size()) {
    error_code ec;
    consumed += parser_->put(boost::asio::buffer(bytes.data() + consumed, bytes.size() - consumed), ec);
    if (ec == beast::http::error::need_more) break;
    if (ec) return refuse(ec);
    if (parser_->is_done()) return {outcome::done, consumed};
    if (parser_->is_header_done() && !head_told_) {
      head_told_ = true;
      parser_->eager(true);
      return {outcome::head, consumed};
    }
  }
  return want_more(consumed, bytes.size() - consumed);
}

request_reader::step request_reader::refuse(const boost::system::error_code& ec) {
  if (parser_->refused_status != 0) return fail(parser_->refused_status, parser_->refused_text);
  if (ec == beast::http::error::header_limit) return fail(431, header_limit_text());
  if (ec == beast::http::error::body_limit)
    return fail(413, "a body may have " + std::to_string(limits_.body_limit) + " bytes");
  return fail(400, "not HTTP: " + ec.message());
}

request_reader::step request_reader::want_more(std::size_t consumed, std::size_t kept) {
  if (!head_told_ && kept >= limits_.header_limit) return fail(431, header_limit_text());
  if (head_told_ && kept >= between_limit) return fail(400, "a chunk's size line or trailer is too long");
  return {outcome::more, consumed};
}

request_reader::step request_reader::fail(int status, std::string text) {
  failed_status_ = status;
  failed_text_ = std::move(text);
  return {outcome::failed, 0};
}

std::string request_reader::header_limit_text() const {
  return "a request's header may have " + std::to_string(limits_.header_limit) + " bytes";
}

request request_reader::take() {
  request taken = std::move(parser_->what);
  parser_ = std::make_unique<parser>(limits_);
  head_told_ = false;
  return taken;
}

bool request_reader::keep_alive() const { return parser_->keep_alive(); }
bool request_reader::is_http_1_0() const { return !parser_->modern; }
bool request_reader::expects_continue() const { return parser_->expects_continue; }
const std::string& request_reader::method() const { return parser_->what.method; }

}  // namespace musiccorp::http
