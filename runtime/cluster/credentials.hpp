#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "cluster/links.hpp"

struct ssl_ctx_st;
struct x509_st;

namespace musiccorp::cluster {

/// One reading of a node's TLS files, all checked, ready for connections both ways: TLS 1.3, and each side must show
/// a certificate of the cluster's CA. Immutable; thread-safe.
class credentials {
 public:
  /// fault{invalid} says which file, what was wanted and what was found.
  [[nodiscard]] static result<std::shared_ptr<const credentials>> load(const tls_files& files,
                                                                       const std::string& self, base::instant now);
  explicit credentials(std::shared_ptr<ssl_ctx_st> context, base::instant expires)
      : context_(std::move(context)), expires_(expires) {}

  [[nodiscard]] ssl_ctx_st* context() const { return context_.get(); }
  /// When the first certificate of the chain ends.
  [[nodiscard]] base::instant expires() const { return expires_; }

 private:
  std::shared_ptr<ssl_ctx_st> context_;
  base::instant expires_;
};

/// Every name that a certificate is for: its common name and the DNS names of its alternative ones.
[[nodiscard]] std::set<std::string> names_in(const x509_st& certificate);

/// The newest credentials that are in order. Looks at the files each time somebody asks and reads them when they have
/// changed; while they are not in order, the former ones stay in use. Thread-safe.
class credential_source {
 public:
  /// The first reading must be in order.
  [[nodiscard]] static result<std::unique_ptr<credential_source>> open(const tls_files& files,
                                                                       const std::string& self,
                                                                       const base::clock& time);

  [[nodiscard]] std::shared_ptr<const credentials> current();

 private:
  credential_source(tls_files files, std::string self, const base::clock& time)
      : files_(std::move(files)), self_(std::move(self)), time_(time) {}
  [[nodiscard]] std::string stamp() const;

  const tls_files files_;
  const std::string self_;
  const base::clock& time_;
  std::mutex mutex_;
  std::string read_stamp_;
  std::string told_;
  std::shared_ptr<const credentials> current_;
};

}  // namespace musiccorp::cluster
