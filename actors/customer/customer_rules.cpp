#include "customer/customer_rules.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace musiccorp::customer {

using namespace messages;

namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

/// RFC 5322's atext and dots.
bool is_local_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view{".!#$%&'*+-/=?^_`{|}~"}.find(c) != std::string_view::npos;
}

bool has_empty_label(std::string_view text) {
  return text.empty() || text.front() == '.' || text.back() == '.' || text.find("..") != text.npos;
}

struct text_field {
  const std::string& text;
  const char* pointer;
};

/// The first thing that is wrong with what a customer told us; the lengths were checked when it was read.
std::optional<rejected> refusal(const std::string& name, const std::string& email, const address& home) {
  if (!looks_like_email(email))
    return rejected{.text = "an email address looks like name@example.org",
                    .pointer = "/email",
                    .wanted = "an address like name@example.org"};
  for (const auto& [text, pointer] :
       {text_field{name, "/name"}, text_field{home.street, "/address/street"}, text_field{home.city, "/address/city"},
        text_field{home.postcode, "/address/postcode"}, text_field{home.country, "/address/country"}})
    if (!is_one_line(text))
      return rejected{.text = "what is printed on a label is one line of text",
                      .pointer = pointer,
                      .wanted = "one line of text without control characters"};
  return std::nullopt;
}

}  // namespace

bool looks_like_email(std::string_view text) {
  const auto at = text.find('@');
  if (at == text.npos || at > 64 || text.size() > 254) return false;
  const auto local = text.substr(0, at), host = text.substr(at + 1);
  return !has_empty_label(local) && std::ranges::all_of(local, is_local_character) && !has_empty_label(host) &&
         std::ranges::all_of(host, is_host_character) && host.find('.') != host.npos;
}

bool is_one_line(std::string_view text) {
  return std::ranges::none_of(text, is_control) && text.find_first_not_of(' ') != text.npos;
}

outcome register_one(turn& now, const register_customer& command) {
  if (auto no = refusal(command.name, command.email, command.address)) return *no;
  const customer_summary customer{now.new_id(), command.name, command.email, command.address};
  now.save(customer);
  now.publish(customer_registered{customer.customer_id, customer.name, customer.email, customer.address});
  return customer;
}

outcome update(turn& now, const update_customer& command) {
  if (!now.find<customer_summary>(command.customer_id)) return no_such("customer", command.customer_id);
  if (auto no = refusal(command.name, command.email, command.address)) return *no;
  const customer_summary customer{command.customer_id, command.name, command.email, command.address};
  now.save(customer);
  now.publish(customer_updated{customer.customer_id, customer.name, customer.email, customer.address});
  return customer;
}

outcome check(turn& now, const check_customer& question) {
  const auto customer = now.find<customer_summary>(question.customer_id);
  if (!customer)
    return rejected{.text = "there is no such customer",
                    .pointer = "/customer_id",
                    .status = 422,
                    .wanted = "the customer_id of somebody who is registered"};
  return *customer;
}

outcome answer_customer(turn& now, const show_customer& query) {
  const auto customer = now.find<customer_summary>(query.customer_id);
  if (!customer) return no_such("customer", query.customer_id);
  return *customer;
}

}  // namespace musiccorp::customer
