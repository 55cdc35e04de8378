#include "roster/roster.hpp"

#include <algorithm>

#include "acquirer/acquirer_service.hpp"
#include "catalog/catalog_service.hpp"
#include "customer/customer_service.hpp"
#include "describe/suggest.hpp"
#include "fraud/fraud_service.hpp"
#include "hospital/hospital_service.hpp"
#include "inventory/inventory_service.hpp"
#include "notification/notification_service.hpp"
#include "order/order_service.hpp"
#include "payment/payment_service.hpp"
#include "pricing/pricing_service.hpp"
#include "roster/catalog_file.hpp"
#include "shipping/shipping_service.hpp"
#include "warehouse/warehouse_service.hpp"

namespace musiccorp::roster {
namespace {

using settings_map = std::map<std::string, std::string>;

/// For services that have nothing to set: any key is unknown.
struct no_settings {
  static constexpr auto describe() { return describe_as("no_settings", 1); }
};

/// Reads the settings of each service and gathers what is wrong with any of them.
class settings_reader {
 public:
  explicit settings_reader(const settings_map& given) : given_{given} {}

  template <describe::described S = no_settings>
  S read(const std::string& service) {
    services_.push_back(service);
    const auto found = given_.find(service);
    if (found == given_.end()) return {};
    auto settings = describe::from_json<S>(found->second, {.unknown = describe::unknown_fields::refuse});
    if (settings) return std::move(*settings);
    note(service, std::move(settings.error()));
    return {};
  }

  /// After all services have been read.
  [[nodiscard]] result<void> verdict() {
    refuse_strangers();
    if (problems_.empty()) return {};
    const auto& first = problems_.front();
    return failure({fault_kind::invalid,
                    "settings of the shop: " + first.pointer + ": found " + first.found + ", wanted " + first.wanted,
                    problems_,
                    {}});
  }

 private:
  void note(const std::string& service, fault trouble) {
    if (trouble.problems.empty()) problems_.push_back({"/" + service, trouble.text, "settings as JSON"});
    for (auto& one : trouble.problems) {
      one.pointer = "/" + service + one.pointer;
      problems_.push_back(std::move(one));
    }
  }

  void refuse_strangers() {
    const std::vector<std::string_view> known{services_.begin(), services_.end()};
    for (const auto& [name, settings] : given_) {
      if (std::ranges::find(known, name) != known.end()) continue;
      const auto meant = describe::closest(name, known);
      problems_.push_back(
          {"/" + name, name, meant.empty() ? "the name of a service" : "did you mean " + std::string{meant} + "?"});
    }
  }

  const settings_map& given_;
  std::vector<std::string> services_;
  std::vector<problem> problems_;
};

struct shop_settings {
  acquirer::acquirer_settings acquirer{};
  fraud::fraud_settings fraud{};
  warehouse::warehouse_settings warehouse{};
  notification::notification_settings notification{};
  pricing::pricing_settings pricing{};
  hospital::hospital_settings hospital{};
};

message::catalogue types_of(const std::vector<service_definition>& services) {
  message::catalogue types;
  for (const auto& one : services) types.add_all(one.types());
  return types;
}

std::vector<service_definition> services_with(const shop_settings& settings,
                                              const std::vector<messages::catalog_entry>& items,
                                              const std::filesystem::path& data) {
  std::vector<service_definition> services{
      catalog::catalog_service(items),
      inventory::inventory_service(items),
      customer::customer_service(),
      order::order_service(),
      payment::payment_service(),
      acquirer::acquirer_service(settings.acquirer),
      fraud::fraud_service(settings.fraud),
      warehouse::warehouse_service(settings.warehouse),
      shipping::shipping_service(),
      notification::notification_service(settings.notification,
                                         notification::open_post_office(settings.notification, data)),
      pricing::pricing_service(settings.pricing),
  };
  services.push_back(hospital::hospital_service(types_of(services), settings.hospital));  // Last: it knows them all.
  return services;
}

}  // namespace

result<std::vector<service_definition>> roster(const settings_map& settings_json, const std::filesystem::path& data,
                                               const std::filesystem::path& catalog_file) {
  settings_reader reader{settings_json};
  for (const auto* service : {"catalog", "inventory", "customer", "order", "payment", "shipping"})
    reader.read(service);
  shop_settings settings;
  settings.acquirer = reader.read<acquirer::acquirer_settings>("acquirer");
  settings.fraud = reader.read<fraud::fraud_settings>("fraud");
  settings.warehouse = reader.read<warehouse::warehouse_settings>("warehouse");
  settings.notification = reader.read<notification::notification_settings>("notification");
  settings.pricing = reader.read<pricing::pricing_settings>("pricing");
  settings.hospital = reader.read<hospital::hospital_settings>("hospital");
  if (auto good = reader.verdict(); !good) return failure(std::move(good.error()));
  const auto items = read_catalog(catalog_file);
  if (!items) return failure(items.error());
  return services_with(settings, *items, data);
}

std::vector<service_definition> empty_shop() { return services_with({}, {}, {}); }

std::vector<std::string> partitionable() {
  std::vector<std::string> names;
  for (const auto& one : empty_shop())
    if (one.is_by_key()) names.push_back(one.name());
  return names;
}

}  // namespace musiccorp::roster
