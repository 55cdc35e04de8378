#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "http/dispatch.hpp"

/// Who may look behind the counter, and act there. The shop's routes, `/metrics`, `/healthz`, `/readyz` and
/// `/openapi.json` are everybody's; `/console`, `/hospital`, `/supervision`, `/mailboxes`, `/cluster`, `/trace`
/// and `/logs` are for operators.
///
/// Without a token, operators are those who call from this machine, by one of its loopback names, and not for
/// somebody else (a proxy says so): so no page of the web can make a browser do it. With a token they are those who
/// say it, from wherever: as `Authorization: Bearer TOKEN`, or as the password of Basic, which browsers ask for.
/// Either way a browser acts only for pages of this door.
namespace musiccorp::node {

[[nodiscard]] bool is_for_operators(std::string_view pattern);

/// Why this request of an operator's route goes no further: 401 with `www-authenticate`, or 403. Nothing: it does.
/// `token` is empty when there is none. Pure.
[[nodiscard]] std::optional<http::reply> turned_away(const http::request& what, std::string_view token);

/// The same routes, those for operators behind the gate.
[[nodiscard]] std::vector<http::route> behind_gate(std::vector<http::route> table, const std::string& token);

/// The only line of this file, at least 16 characters without spaces. fault{invalid} says what is wrong.
[[nodiscard]] result<std::string> read_operator_token(const std::filesystem::path& file);

}  // namespace musiccorp::node
