#include "config/check.hpp"

#include <algorithm>

#include "config/names.hpp"
#include "describe/findings.hpp"
#include "describe/suggest.hpp"

namespace musiccorp::config {
namespace {

std::string below(std::string pointer, std::string_view step) {
  describe::append_step(pointer, step);
  return pointer;
}

class checker {
 public:
  explicit checker(std::span<const std::string> services) : services_{services.begin(), services.end()} {}

  std::vector<problem> check(const node_config& config) {
    if (!can_name_a_folder(config.node))
      problems_.push_back({"/node", describe::shown(config.node), std::string{folder_name_wanted}});
    check_retry("/retry", config.retry);
    check_delays("/supervision", config.supervision.delay_first_ms, config.supervision.delay_longest_ms);
    if (config.breaker.open_first_ms > config.breaker.open_longest_ms)
      problems_.push_back({"/breaker/open_first_ms", std::to_string(config.breaker.open_first_ms),
                           "at most open_longest_ms, which is " + std::to_string(config.breaker.open_longest_ms)});
    const std::string_view endpoint = config.traces.endpoint;
    if (!endpoint.empty() && !endpoint.starts_with("http://") && !endpoint.starts_with("https://"))
      problems_.push_back({"/traces/endpoint", describe::shown(config.traces.endpoint),
                           "a URL like http://localhost:4318/v1/traces"});
    for (const auto& [name, path] : config.imports)
      if (path.empty()) problems_.push_back({below("/imports", name), "\"\"", "the path of a file"});
    for (const auto& [name, one] : config.services) check_service(name, one);
    return std::move(problems_);
  }

 private:
  void check_retry(const std::string& pointer, const retry_config& retry) {
    check_delays(pointer, retry.delay_first_ms, retry.delay_longest_ms);
  }

  void check_delays(const std::string& pointer, std::int64_t first, std::int64_t longest) {
    if (first > longest)
      problems_.push_back({pointer + "/delay_first_ms", std::to_string(first),
                           "at most delay_longest_ms, which is " + std::to_string(longest)});
  }

  void check_service(const std::string& name, const service_config& one) {
    const auto pointer = below("/services", name);
    if (std::ranges::find(services_, name) == services_.end())
      return problems_.push_back({pointer, "an unknown service", wanted_service(name)});
    if (one.retry) check_retry(pointer + "/retry", *one.retry);
    for (const auto& [type, retry] : one.retry_by_type) check_retry(below(pointer + "/retry_by_type", type), retry);
    // The text is the reader's: JSON without white space in front, or empty.
    if (!one.settings.text.empty() && one.settings.text.front() != '{')
      problems_.push_back({pointer + "/settings", "something else", "an object"});
  }

  [[nodiscard]] std::string wanted_service(std::string_view name) const {
    std::string wanted = services_.empty() ? "no service here" : "one of ";
    for (std::size_t i = 0; i < services_.size(); ++i) wanted.append(i > 0 ? ", " : "").append(services_[i]);
    if (const auto meant = describe::closest(name, services_); !meant.empty())
      wanted.append("; did you mean ").append(meant).append("?");
    return wanted;
  }

  std::vector<std::string_view> services_;
  std::vector<problem> problems_;
};

}  // namespace

std::vector<problem> contradictions(const node_config& config, std::span<const std::string> services) {
  return checker{services}.check(config);
}

}  // namespace musiccorp::config
