#include "node/console.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/random.hpp"
#include "describe/json.hpp"
#include "http/problem.hpp"

namespace musiccorp::node {
namespace {

using namespace std::chrono_literals;

constexpr auto pace = 1s;

/// Only our own files may run, style or be shown, and nobody may put the page into a frame of theirs.
constexpr std::string_view content_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

std::string media_type_of(std::string_view path) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> known{{
      {".html", "text/html; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
  }};
  for (const auto& [ending, type] : known)
    if (path.ends_with(ending)) return std::string{type};
  return "application/octet-stream";
}

/// Another text gets another tag. Nobody's safety depends on it.
std::string etag_of(std::string_view bytes) { return '"' + std::to_string(base::stable_hash(bytes)) + '"'; }

/// RFC 9110, 13.1.2: a list of tags, weak or not, or a star.
bool has_it(const http::request& request, std::string_view etag) {
  const auto known = request.headers.find("if-none-match");
  return known && (*known == "*" || known->find(etag) != std::string_view::npos);
}

std::string event_of(const mailboxes_view& view) { return http::event_text("mailboxes", describe::to_json(view)); }

}  // namespace

console::console(const base::clock& time, const cells& all, const service::ledger_board& ledgers, std::string node,
                 std::span<const console_file> files)
    : time_{time}, cells_{all}, ledgers_{ledgers}, node_{std::move(node)} {
  for (const auto& one : files)
    files_.push_back({std::string{one.path}, media_type_of(one.path), etag_of(one.bytes),
                      std::make_shared<const std::string>(one.bytes)});
  teller_ = std::jthread{[this](const std::stop_token& ending) { tell(ending); }};
}

console::~console() = default;  // The thread is the last member, so it ends first.

void console::add_routes(std::vector<http::route>& table) {
  using exchange = std::shared_ptr<http::exchange>;
  table.push_back({"GET", "/console", [](const http::request&, const exchange& back) {
                     back->respond({308, "text/plain; charset=utf-8", {{"location", "/console/"}}, "/console/\n"});
                   }});
  table.push_back({"GET", "/console/{path*}",
                   [this](const http::request& request, const exchange& back) { serve(request, *back); }});
  table.push_back(
      {"GET", "/console/events", [this](const http::request&, exchange back) { listen(std::move(back)); }});
  table.push_back(
      {"GET", "/mailboxes", [this](const http::request&, const exchange& back) {
         back->respond({200, "application/json", {{"cache-control", "no-store"}}, describe::to_json(look())});
       }});
}

mailboxes_view console::look() const { return look_at(cells_, ledgers_, node_, time_.now()); }

/// Only names from the list are known, so no path leads to anything else.
void console::serve(const http::request& request, http::exchange& exchange) const {
  const auto wanted = request.parameter("path");
  const auto found = std::ranges::find(files_, wanted.empty() ? std::string_view{"index.html"} : wanted,
                                       [](const shared_file& file) { return std::string_view{file.path}; });
  if (found == files_.end()) return exchange.respond(http::problem_reply(404, "there is nothing at " + request.path));
  http::reply reply;
  reply.content_type = found->media_type;
  reply.headers = {{"etag", found->etag},
                   {"cache-control", "no-cache"},  // Kept, and asked for again: an upgrade shows at once.
                   {"content-security-policy", std::string{content_policy}},
                   {"x-content-type-options", "nosniff"},
                   {"referrer-policy", "no-referrer"},
                   {"cross-origin-opener-policy", "same-origin"}};
  if (has_it(request, found->etag))
    reply.status = 304;
  else
    reply.body = found->bytes;
  exchange.respond(std::move(reply));
}

/// All rows go out before the next changes may: a listener that is in the list knows everything up to `told_`.
void console::listen(std::shared_ptr<http::exchange> exchange) {
  if (!exchange->open_stream()) return;
  const std::lock_guard hold{mutex_};
  auto now = look();
  if (!exchange->push(event_of(now))) return;
  if (listeners_.empty()) told_ = std::move(now);
  listeners_.push_back(std::move(exchange));
  wake_.notify_one();
}

void console::tell(const std::stop_token& ending) {
  std::unique_lock hold{mutex_};
  while (!ending.stop_requested()) {
    if (!wake_.wait(hold, ending, [this] { return !listeners_.empty(); })) return;
    if (wake_.wait_for(hold, ending, pace, [] { return false; }); ending.stop_requested()) return;
    auto now = look();
    const auto event = event_of(changes_since(told_, now));
    told_ = std::move(now);
    // A client that left, or reads too slowly for what it would miss, has to come again and gets all rows.
    std::erase_if(listeners_, [&](const auto& one) { return one->gone() || !one->push(event); });
  }
}

}  // namespace musiccorp::node
