#pragma once

#include <map>
#include <memory>
#include <string>

#include "http/client.hpp"
#include "http/dispatch.hpp"
#include "telemetry/span_store.hpp"

namespace musiccorp::node {

/// `GET /trace/{id}`: a `trace_page`, of this node and of the neighbours, who are asked at their doors (`neighbours`:
/// node to "http://host:port") and left out after a second; the page says which did not answer. `?only=here` asks
/// nobody. 404 when nobody knows the trace and everybody answered. `operator_token` opens the neighbours' doors.
[[nodiscard]] http::route trace_route(std::shared_ptr<const telemetry::span_store> store, std::string node,
                                      std::map<std::string, std::string> neighbours,
                                      std::shared_ptr<http::client> client, std::string operator_token);

}  // namespace musiccorp::node
