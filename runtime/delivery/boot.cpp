#include "delivery/boot.hpp"

#include <fstream>

namespace musiccorp::delivery {

std::string boot_id_now() {
  std::ifstream stream{"/proc/sys/kernel/random/boot_id"};
  std::string id;
  std::getline(stream, id);
  return id;
}

}  // namespace musiccorp::delivery
