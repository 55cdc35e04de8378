#pragma once

#include <array>

/// Histogram bounds, chosen once: series with other bounds cannot be added to the old ones.
namespace musiccorp::telemetry {

/// Durations in seconds, 100 us to one minute: fine where services live (1 to 100 ms), and 60 s is a promise of the
/// shop.
inline constexpr std::array seconds_buckets{0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                            0.25,   0.5,    1.0,   2.5,    5.0,   10.0, 30.0,  60.0};
/// Answers of the HTTP server: few bounds, because there is a histogram for each route, method and class of status.
inline constexpr std::array http_seconds_buckets{0.005, 0.025, 0.1, 0.5, 2.5};
/// Waiting in a mailbox.
inline constexpr std::array wait_seconds_buckets{0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 5.0};
/// Run time of a handler.
inline constexpr std::array handler_seconds_buckets{0.0001, 0.0005, 0.0025, 0.01, 0.05, 0.25, 1.0, 5.0};
/// Attempts that a message needed until it was settled.
inline constexpr std::array attempts_buckets{1.0, 2.0, 3.0, 5.0, 8.0, 13.0};
/// Messages that shared one commit.
inline constexpr std::array batch_buckets{1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0};

}  // namespace musiccorp::telemetry
