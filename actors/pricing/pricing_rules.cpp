#include "pricing/pricing_rules.hpp"

#include <algorithm>
#include <stdexcept>

namespace musiccorp::pricing {

using namespace messages;

quote_price price_of(const create_price_job& command) { return {command.sku}; }

outcome create(turn& now, const create_price_job& command, const quoted_item& item) {
  const price_job_summary job{now.new_id(), command.sku, command.percent, price_job_status::requested,
                              item.price,   {}};
  now.save(job);
  now.request("pricing", reprice{job.job_id, job.sku, job.percent, job.price_before});
  return job;
}

outcome reprice_item(turn& now, const reprice& request, const pricing_settings& settings) {
  auto job = now.find<price_job_summary>(request.job_id);
  if (!job) return fault{fault_kind::not_found, "there is no price job " + request.job_id, {}, {}};
  if (job->status == price_job_status::finished) return done{};

  const auto changed = changed_by(request.price.amount_minor, request.percent);
  if (!changed) return fault{fault_kind::invalid, "the new price of " + request.sku + " is too large", {}, {}};
  const auto lowest = settings.mended ? std::max<std::int64_t>(*changed, 1) : *changed;
  job->price_after = money{round_to_99_throwing_on_zero(lowest), request.price.currency};
  job->status = price_job_status::finished;
  now.save(*job);
  now.publish(price_changed{job->sku, *job->price_after, job->job_id});
  return done{};
}

outcome answer_job(turn& now, const show_price_job& query) {
  const auto job = now.find<price_job_summary>(query.job_id);
  if (!job) return no_such("price job", query.job_id);
  return *job;
}

std::optional<std::int64_t> changed_by(std::int64_t amount_minor, std::int64_t percent) {
  std::int64_t hundredths = 0;
  if (__builtin_mul_overflow(amount_minor, 100 + percent, &hundredths) ||
      __builtin_add_overflow(hundredths, 50, &hundredths))
    return std::nullopt;
  return hundredths / 100;
}

std::int64_t round_to_99_throwing_on_zero(std::int64_t amount_minor) {
  if (amount_minor == 0) throw std::domain_error("no price of zero ends in .99");
  const auto units = amount_minor / 100 + (amount_minor % 100 >= 50 ? 1 : 0);
  return std::max<std::int64_t>(1, units) * 100 - 1;
}

}  // namespace musiccorp::pricing
