#pragma once

#include <cstdint>
#include <optional>

#include "messages/catalog_messages.hpp"
#include "messages/pricing_messages.hpp"
#include "service/outcome.hpp"
#include "service/turn.hpp"

/// Changes prices, one job at a time. A job is kept as messages::price_job_summary.
namespace musiccorp::pricing {

struct pricing_settings {
  bool mended = false;

  static constexpr auto describe() {
    return describe_as("pricing_settings", 1,
                       field("mended", &pricing_settings::mended, defaulted,
                             "false: the planted bug, a price of nothing throws; true: it becomes the lowest price"));
  }
};

[[nodiscard]] messages::quote_price price_of(const messages::create_price_job& command);

/// Saves the job and puts it into our own log; the answer does not wait for it.
outcome create(turn& now, const messages::create_price_job& command, const messages::quoted_item& item);
/// Does the job: price.changed. Throws for a price of nothing, see round_to_99_throwing_on_zero, unless it was
/// mended.
outcome reprice_item(turn& now, const messages::reprice& request, const pricing_settings& settings);
outcome answer_job(turn& now, const messages::show_price_job& query);

/// `amount_minor` changed by `percent`, half a unit rounded up; nothing when it does not fit.
[[nodiscard]] std::optional<std::int64_t> changed_by(std::int64_t amount_minor, std::int64_t percent);

/// The shop's one planted bug: the running example's poison. Prices end in .99 here, and whoever wrote this never
/// thought of a price of zero (a job with percent -100): it throws std::domain_error, each time the job is tried, and
/// so would kill worker after worker without a retry limit. Keep it broken: the demo and the lessons feed on it. The
/// mend is `pricing_settings::mended`, so that it can be deployed as configuration.
[[nodiscard]] std::int64_t round_to_99_throwing_on_zero(std::int64_t amount_minor);

}  // namespace musiccorp::pricing
