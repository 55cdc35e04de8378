#include "delivery/suspect_rules.hpp"

namespace musiccorp::delivery {
namespace {

bool is_proof(const suspicion& account, evidence why) {
  return why == evidence::out_of_memory || account.kills_alone >= kills_alone_max;
}

suspicion suspected(suspicion account, bool alone, evidence why) {
  ++account.unexplained;
  if (!alone) return account;
  if (why == evidence::killed) ++account.kills_alone;
  if (!is_proof(account, why)) return account;
  account.deaths += account.unexplained;
  account.unexplained = 0;
  return account;
}

std::string text_of(const suspicion& account) {
  return std::to_string(account.deaths) + (account.deaths == 1 ? " process death is" : " process deaths are") +
         " charged to it, " + std::to_string(account.unexplained) + " more " +
         (account.unexplained == 1 ? "is" : "are") + " unexplained";
}

}  // namespace

sentence after_death(const suspicion& before, const finding& found, evidence why, int process_deaths_max) {
  sentence said{before, false, found.text};
  if (found.what == charge::none) return said;
  if (found.what == charge::charged)
    ++said.account.deaths;
  else
    said.account = suspected(before, found.alone, why);
  said.dies = said.account.deaths >= process_deaths_max;
  said.text += "; " + text_of(said.account);
  return said;
}

}  // namespace musiccorp::delivery
