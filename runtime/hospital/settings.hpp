#pragma once

#include <cstdint>
#include <memory>

#include "message/catalogue.hpp"

namespace musiccorp::hospital {

struct hospital_settings {
  std::int64_t kept_closed_days = 30;
  std::int64_t audit_kept_days = 365;
  std::int64_t cases_per_batch_max = 100'000;
  std::int64_t rows_scanned_max = 2'000;
  std::int64_t attempts_kept = 50;

  static constexpr auto describe() {
    constexpr auto days = between(1, 36'500);
    return describe_as(
        "hospital_settings", 1,
        field("kept_closed_days", &hospital_settings::kept_closed_days, defaulted, days,
              "healed and discarded cases, and finished batches, are forgotten after"),
        field("audit_kept_days", &hospital_settings::audit_kept_days, defaulted, days,
              "lines of the audit trail are forgotten after"),
        field("cases_per_batch_max", &hospital_settings::cases_per_batch_max, defaulted, between(1, 100'000),
              "a batch that would hold more is refused"),
        field("rows_scanned_max", &hospital_settings::rows_scanned_max, defaulted, between(10, 100'000),
              "a request for a list looks through so many entries and then answers with what it has"),
        field("attempts_kept", &hospital_settings::attempts_kept, defaulted, between(1, 1'000),
              "attempts listed in a case: so many of the newest, beside its first; the count stays exact"));
  }
};

/// What every rule of the hospital works with. Immutable after the start.
struct ward {
  message::catalogue types;  ///< of all other services: to read, mask and check payloads
  hospital_settings settings;
};

}  // namespace musiccorp::hospital
