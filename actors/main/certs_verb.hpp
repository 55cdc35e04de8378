#pragma once

#include <string>

namespace musiccorp::program {

/// Makes the authority and the certificates that a cluster file names. 0, 74 when a file could not be written, 78 for
/// a cluster file that is wrong or names files that this command would not make.
int make_certs(const std::string& cluster_file);

}  // namespace musiccorp::program
