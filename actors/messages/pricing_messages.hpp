#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "messages/line.hpp"

/// What pricing answers and says.
namespace musiccorp::messages {

enum class price_job_status { requested, finished };
constexpr std::array<std::string_view, 2> describe_choice(price_job_status) { return {"requested", "finished"}; }

inline constexpr auto percent_limits = between(-100, 1000);

/// Command: change the price of this item by so many percent.
struct create_price_job {
  std::string sku{};
  std::int64_t percent = 0;

  static constexpr auto describe() {
    return describe_as("create_price_job", 1, key("sku", &create_price_job::sku, sku_length),
                       field("percent", &create_price_job::percent, percent_limits, "-100 gives it away"));
  }
};

/// Query: one price job.
struct show_price_job {
  std::string job_id{};

  static constexpr auto describe() {
    return describe_as("show_price_job", 1, key("job_id", &show_price_job::job_id, id_length));
  }
};

struct price_job_summary {
  std::string job_id{};
  std::string sku{};
  std::int64_t percent = 0;
  price_job_status status = price_job_status::requested;
  money price_before{};
  std::optional<money> price_after{};

  static constexpr auto describe() {
    return describe_as("price_job_summary", 1, key("job_id", &price_job_summary::job_id),
                       field("sku", &price_job_summary::sku), field("percent", &price_job_summary::percent),
                       field("status", &price_job_summary::status),
                       field("price_before", &price_job_summary::price_before),
                       field("price_after", &price_job_summary::price_after));
  }
};

/// Durable request of pricing to itself: do the job. Its key is the item, so that two jobs for one item keep their
/// order.
struct reprice {
  std::string job_id{};
  std::string sku{};
  std::int64_t percent = 0;
  money price{};

  static constexpr auto describe() {
    return describe_as("reprice", 1, field("job_id", &reprice::job_id), key("sku", &reprice::sku),
                       field("percent", &reprice::percent),
                       field("price", &reprice::price, "that the percentage is of"));
  }
};

/// Event: from now on the item costs this.
struct price_changed {
  std::string sku{};
  money price{};
  std::string job_id{};

  static constexpr auto describe() {
    return describe_as("price.changed", 1, key("sku", &price_changed::sku), field("price", &price_changed::price),
                       field("job_id", &price_changed::job_id));
  }
};

}  // namespace musiccorp::messages
