#include "demo/hospital_visit.hpp"

#include <thread>

#include "hospital/case_messages.hpp"
#include "hospital/rehearsal_messages.hpp"
#include "messages/pricing_messages.hpp"

namespace musiccorp::demo {
namespace {

using namespace hospital;
using clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds between_looks{5};

// The bodies of rehearse_case and edit_case without what the path says.
struct rehearsal_body {
  describe::raw_json payload;
  static constexpr auto describe() {
    return describe_as("rehearsal_body", 1, field("payload", &rehearsal_body::payload));
  }
};
struct edit_body {
  std::uint64_t version = 0;
  std::string by;
  std::string reason;
  describe::raw_json payload;
  static constexpr auto describe() {
    return describe_as("edit_body", 1, field("version", &edit_body::version), field("by", &edit_body::by),
                       field("reason", &edit_body::reason), field("payload", &edit_body::payload));
  }
};

result<std::string> mended_payload(const case_detail& sick, std::int64_t percent) {
  if (!sick.message.payload) return failure(fault_kind::internal, sick.case_id + " shows no payload");
  auto job = describe::from_json<messages::reprice>(sick.message.payload->text);
  if (!job) return failure(std::move(job.error()));
  job->percent = percent;
  return describe::to_json(*job);
}

result<case_detail> until_closed(const shop_client& shop, const std::string& target,
                                 std::chrono::milliseconds longest) {
  const auto end = clock::now() + longest;
  for (;;) {
    auto now = shop.read<case_detail>(target);
    if (!now || now->state == case_state::healed) return now;
    if (clock::now() > end) return failure(fault_kind::timeout, now->case_id + " was not healed");
    std::this_thread::sleep_for(between_looks);
  }
}

}  // namespace

result<hospital_visit> mend_price_job(const shop_client& shop, std::int64_t percent,
                                      std::chrono::milliseconds longest) {
  const auto listed = shop.read<case_page>("/hospital/cases");
  if (!listed) return failure(listed.error());
  if (listed->cases.size() != 1)
    return failure(fault_kind::internal,
                   "one case is in the hospital, found " + std::to_string(listed->cases.size()));
  const auto target = "/hospital/cases/" + listed->cases.front().case_id;
  const auto sick = shop.read<case_detail>(target);
  if (!sick) return failure(sick.error());
  const auto payload = mended_payload(*sick, percent);
  if (!payload) return failure(payload.error());

  const auto rehearsed =
      shop.post<rehearsal_view>(target + "/rehearsal", describe::to_json(rehearsal_body{{*payload}}), 200);
  if (!rehearsed) return failure(rehearsed.error());

  const edit_body wanted{sick->version, "the demo", "nothing is free of charge", {*payload}};
  const auto taken = shop.post<case_summary>(target + "/edit", describe::to_json(wanted), 202);
  if (!taken) return failure(taken.error());
  const auto healed = until_closed(shop, target, longest);
  if (!healed) return failure(healed.error());
  return hospital_visit{sick->case_id,
                        sick->error,
                        static_cast<std::int64_t>(sick->attempts),
                        static_cast<std::int64_t>(sick->parked),
                        rehearsed->outcome,
                        std::string{describe::name_of(healed->state)}};
}

}  // namespace musiccorp::demo
