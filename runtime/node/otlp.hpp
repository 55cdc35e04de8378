#pragma once

#include <span>
#include <string>

#include "telemetry/span_store.hpp"

namespace musiccorp::node {

/// Spans as OTLP/HTTP wants them in JSON (opentelemetry-proto 1, ExportTraceServiceRequest): ids in hexadecimal,
/// times in nanoseconds as texts, each service a resource of its own. Nothing personal: a span has no text of a
/// message.
[[nodiscard]] std::string otlp_body(std::span<const telemetry::span> spans, const telemetry::span_store& names,
                                    const std::string& node, const std::string& version);

}  // namespace musiccorp::node
