#include "cluster/certificates.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "cluster/credentials.hpp"
#include "cluster/openssl.hpp"

namespace musiccorp::cluster {

namespace {

namespace fs = std::filesystem;

struct signer {
  certificate_ptr certificate;
  key_ptr key;
};

tl::unexpected<fault> openssl_trouble(const std::string& what) {
  return failure(fault_kind::internal, what + ": " + take_openssl_error());
}

bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= 63 && std::ranges::all_of(text, [](unsigned char one) {
    return std::isalnum(one) != 0 || one == '-' || one == '_' || one == '.';
  });
}

bool is_address(const std::string& host) {
  in6_addr any{};
  return inet_pton(AF_INET, host.c_str(), &any) == 1 || inet_pton(AF_INET6, host.c_str(), &any) == 1;
}

result<void> write_file(const fs::path& file, const std::string& text, mode_t mode) {
  auto fresh = file;
  fresh += ".new";
  const auto trouble = [&] {
    return failure(fault_kind::storage, file.string() + " cannot be written: " + std::strerror(errno));
  };
  unlink(fresh.c_str());  // Never into a file that somebody else may already hold open.
  const auto out = open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (out < 0) return trouble();
  const bool is_written =
      write(out, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(out) == 0;
  close(out);
  if (!is_written || rename(fresh.c_str(), file.c_str()) != 0) return trouble();
  return {};
}

template <class Write>
std::string pem(Write write) {
  const bio_ptr out{BIO_new(BIO_s_mem())};
  write(out.get());
  char* text = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

/// The key first: until the certificate is there too, readers keep their former pair.
result<void> write_pair(const signer& pair, const fs::path& certificate, const fs::path& key) {
  const auto key_text = pem(
      [&](BIO* out) { PEM_write_bio_PKCS8PrivateKey(out, pair.key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  if (auto written = write_file(key, key_text, 0600); !written) return written;
  return write_file(certificate, pem([&](BIO* out) { PEM_write_bio_X509(out, pair.certificate.get()); }), 0644);
}

bool add_extension(X509& to, X509& issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &issuer, &to, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, openssl_free<X509_EXTENSION_free>> made{
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str())};
  return made && X509_add_ext(&to, made.get(), -1) == 1;
}

using extensions = std::vector<std::pair<int, std::string>>;

/// Signed by `by`, or by itself.
result<signer> make_pair(const std::string& name, const signer* by, const extensions& wanted, std::chrono::days valid,
                         base::instant now) {
  signer made{certificate_ptr{X509_new()}, key_ptr{EVP_EC_gen("P-256")}};
  if (!made.certificate || !made.key) return openssl_trouble("no key for " + name);
  auto& one = *made.certificate;
  auto& issuer = by ? *by->certificate : one;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  const auto* text = reinterpret_cast<const unsigned char*>(name.c_str());
  const std::unique_ptr<BIGNUM, openssl_free<BN_free>> serial{BN_new()};
  bool fits =
      X509_set_version(&one, X509_VERSION_3) == 1 &&
      BN_rand(serial.get(), 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
      BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(&one)) != nullptr &&
      // Clocks of other nodes may be a little behind.
      ASN1_TIME_set(X509_getm_notBefore(&one), seconds - 3600) != nullptr &&
      ASN1_TIME_set(X509_getm_notAfter(&one), seconds + std::chrono::seconds{valid}.count()) != nullptr &&
      X509_NAME_add_entry_by_NID(X509_get_subject_name(&one), NID_commonName, MBSTRING_UTF8, text, -1, -1, 0) == 1 &&
      X509_set_issuer_name(&one, X509_get_subject_name(&issuer)) == 1 && X509_set_pubkey(&one, made.key.get()) == 1;
  for (const auto& [kind, value] : wanted) fits = fits && add_extension(one, issuer, kind, value);
  if (!fits || X509_sign(&one, by ? by->key.get() : made.key.get(), EVP_sha256()) == 0)
    return openssl_trouble("no certificate for " + name);
  return made;
}

result<signer> read_pair(const fs::path& certificate, const fs::path& key) {
  const auto read = [](const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    return std::string{std::istreambuf_iterator<char>{in}, {}};
  };
  const auto certificate_text = read(certificate), key_text = read(key);
  const bio_ptr first{BIO_new_mem_buf(certificate_text.data(), static_cast<int>(certificate_text.size()))};
  const bio_ptr second{BIO_new_mem_buf(key_text.data(), static_cast<int>(key_text.size()))};
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  signer found{certificate_ptr{PEM_read_bio_X509(first.get(), nullptr, nullptr, nullptr)},
               key_ptr{PEM_read_bio_PrivateKey(second.get(), nullptr, no_passphrase, nullptr)}};
  const bool fits =
      found.certificate && found.key && X509_check_private_key(found.certificate.get(), found.key.get()) == 1;
  ERR_clear_error();
  if (!fits)
    return failure(fault_kind::invalid, "wanted a certificate and its key in " + certificate.string() + " and " +
                                            key.string() +
                                            ", found files that do not fit; move them away to begin anew");
  return found;
}

result<signer> authority_in(const certificate_plan& plan, base::instant now, std::vector<certificate_file>& files) {
  const auto certificate = plan.folder / "ca.pem", key = plan.folder / "ca.key";
  if (!fs::exists(certificate) && !fs::exists(key)) {
    auto made = make_pair(plan.cluster, nullptr,
                          {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                           {NID_key_usage, "critical,keyCertSign,cRLSign"},
                           {NID_subject_key_identifier, "hash"}},
                          plan.authority_valid, now);
    if (!made) return made;
    if (auto written = write_pair(*made, certificate, key); !written) return failure(written.error());
    files.push_back({certificate, true});
    return made;
  }
  auto found = read_pair(certificate, key);
  if (!found) return found;
  if (!names_in(*found->certificate).contains(plan.cluster))
    return failure(fault_kind::invalid,
                   certificate.string() + ": wanted the CA of cluster \"" + plan.cluster + "\", found another one");
  auto today = static_cast<time_t>(std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
  if (X509_cmp_time(X509_get0_notAfter(found->certificate.get()), &today) <= 0)
    return failure(fault_kind::invalid, certificate.string() +
                                            ": this CA has expired; move it away to make a new one, "
                                            "which every node must then get");
  files.push_back({certificate, false});
  return found;
}

/// Whether the node's files serve at `then`, for all of its names.
bool serves(const certificate_plan& plan, const certified_node& node, base::instant then) {
  const auto files = files_of(plan.folder, node.name);
  if (!credentials::load(files, node.name, then)) return false;
  const auto pair = read_pair(files.certificate, files.key);
  return pair && std::ranges::all_of(node.hosts, [&](const std::string& host) {
           auto* one = pair->certificate.get();
           return (is_address(host) ? X509_check_ip_asc(one, host.c_str(), 0)
                                    : X509_check_host(one, host.c_str(), host.size(), 0, nullptr)) == 1;
         });
}

result<void> certify(const certificate_plan& plan, const certified_node& node, const signer& authority,
                     base::instant now) {
  auto names = "DNS:" + node.name;
  for (const auto& host : node.hosts) names += (is_address(host) ? ",IP:" : ",DNS:") + host;
  const auto made = make_pair(node.name, &authority,
                              {{NID_basic_constraints, "critical,CA:FALSE"},
                               {NID_key_usage, "critical,digitalSignature"},
                               {NID_ext_key_usage, "serverAuth,clientAuth"},
                               {NID_subject_key_identifier, "hash"},
                               {NID_authority_key_identifier, "keyid"},
                               {NID_subject_alt_name, names}},
                              plan.node_valid, now);
  if (!made) return failure(made.error());
  const auto files = files_of(plan.folder, node.name);
  return write_pair(*made, files.certificate, files.key);
}

result<void> check(const certificate_plan& plan) {
  const auto wrong = [](const std::string& what, const std::string& found) {
    return failure(fault_kind::invalid,
                   "wanted " + what + " of letters, digits, '-', '_' and '.', found \"" + found + "\"");
  };
  if (!is_name(plan.cluster)) return wrong("a name of the cluster", plan.cluster);
  for (const auto& node : plan.nodes) {
    if (!is_name(node.name) || node.name == "ca") return wrong("a name of a node (but not \"ca\")", node.name);
    for (const auto& host : node.hosts)
      if (!is_address(host) && !is_name(host)) return wrong("an address or a name of a host", host);
  }
  return {};
}

}  // namespace

tls_files files_of(const fs::path& folder, const std::string& node) {
  return {folder / "ca.pem", folder / (node + ".pem"), folder / (node + ".key")};
}

result<std::vector<certificate_file>> make_certificates(const certificate_plan& plan, base::instant now) {
  if (auto fine = check(plan); !fine) return failure(fine.error());
  std::error_code trouble;
  fs::create_directories(plan.folder, trouble);
  if (trouble) return failure(fault_kind::storage, plan.folder.string() + " cannot be made: " + trouble.message());
  std::vector<certificate_file> files;
  const auto authority = authority_in(plan, now, files);
  if (!authority) return failure(authority.error());
  for (const auto& node : plan.nodes) {
    const bool is_kept = serves(plan, node, now) && serves(plan, node, now + plan.renew_before);
    if (!is_kept)
      if (auto made = certify(plan, node, *authority, now); !made) return failure(made.error());
    files.push_back({files_of(plan.folder, node.name).certificate, !is_kept});
  }
  return files;
}

}  // namespace musiccorp::cluster
