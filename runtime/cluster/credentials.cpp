#include "cluster/credentials.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <vector>

#include "cluster/openssl.hpp"
#include "telemetry/log.hpp"

namespace musiccorp::cluster {

namespace {

namespace fs = std::filesystem;
const telemetry::logger log{"cluster"};

tl::unexpected<fault> unfit(const fs::path& file, const std::string& what) {
  return failure(fault_kind::invalid, file.string() + ": " + what);
}

result<std::string> text_of(const fs::path& file, const char* what) {
  if (file.empty()) return failure(fault_kind::invalid, std::string{"wanted a file with "} + what + ", found none");
  std::ifstream in{file, std::ios::binary};
  if (!in) return unfit(file, std::string{"wanted "} + what + ", but it cannot be read: " + std::strerror(errno));
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (in.bad() || text.empty()) return unfit(file, std::string{"wanted "} + what + ", found an empty file");
  return text;
}

result<std::vector<certificate_ptr>> certificates_in(const fs::path& file, const char* what) {
  const auto text = text_of(file, what);
  if (!text) return failure(text.error());
  const bio_ptr in{BIO_new_mem_buf(text->data(), static_cast<int>(text->size()))};
  std::vector<certificate_ptr> found;
  while (auto* one = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)) found.emplace_back(one);
  ERR_clear_error();
  if (found.empty()) return unfit(file, std::string{"wanted "} + what + " in PEM, found none");
  return found;
}

result<key_ptr> key_in(const fs::path& file) {
  const auto text = text_of(file, "a private key");
  if (!text) return failure(text.error());
  const bio_ptr in{BIO_new_mem_buf(text->data(), static_cast<int>(text->size()))};
  bool was_asked = false;
  const auto no_passphrase = [](char*, int, int, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
  };
  key_ptr key{PEM_read_bio_PrivateKey(in.get(), nullptr, no_passphrase, &was_asked)};
  ERR_clear_error();
  if (was_asked) return unfit(file, "wanted a private key that is not encrypted, found an encrypted one");
  if (!key) return unfit(file, "wanted a private key in PEM, found none");
  return key;
}

base::instant to_instant(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return base::instant{std::chrono::seconds{timegm(&parts)}};
}

std::optional<std::string> trouble_with_time(const X509& certificate, base::instant now) {
  const auto from = to_instant(X509_get0_notBefore(&certificate));
  const auto until = to_instant(X509_get0_notAfter(&certificate));
  if (now < from) return "is not valid before " + base::to_text(from);
  if (now >= until) return "has expired at " + base::to_text(until);
  return {};
}

using context_ptr = std::shared_ptr<SSL_CTX>;

result<context_ptr> make_context() {
  context_ptr context{SSL_CTX_new(TLS_method()), SSL_CTX_free};
  if (!context) return failure(fault_kind::internal, "OpenSSL gives no context: " + take_openssl_error());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 0);  // Each connection proves both certificates anew.
  return context;
}

/// Fills the context and shows that the node's own chain would be believed by its peers.
result<void> use(SSL_CTX& context, const tls_files& files, const std::vector<certificate_ptr>& authorities,
                 const std::vector<certificate_ptr>& chain, const EVP_PKEY& key) {
  auto* trusted = SSL_CTX_get_cert_store(&context);
  for (const auto& one : authorities) X509_STORE_add_cert(trusted, one.get());
  auto* own_key = const_cast<EVP_PKEY*>(&key);
  if (X509_check_private_key(chain[0].get(), own_key) != 1) {
    ERR_clear_error();
    return unfit(files.key, "wanted the private key of " + files.certificate.string() + ", found another one");
  }
  bool fits =
      SSL_CTX_use_certificate(&context, chain[0].get()) == 1 && SSL_CTX_use_PrivateKey(&context, own_key) == 1;
  for (std::size_t i = 1; fits && i < chain.size(); ++i)
    fits = SSL_CTX_add1_chain_cert(&context, chain[i].get()) == 1;
  if (!fits) return unfit(files.certificate, "cannot be used: " + take_openssl_error());
  return {};
}

result<void> verify(SSL_CTX& context, const tls_files& files, const std::vector<certificate_ptr>& chain,
                    base::instant now) {
  const std::unique_ptr<X509_STORE_CTX, openssl_free<X509_STORE_CTX_free>> check{X509_STORE_CTX_new()};
  auto* between = sk_X509_new_null();
  for (std::size_t i = 1; i < chain.size(); ++i) sk_X509_push(between, chain[i].get());
  bool fits = X509_STORE_CTX_init(check.get(), SSL_CTX_get_cert_store(&context), chain[0].get(), between) == 1;
  if (fits) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(check.get()), static_cast<time_t>(seconds));
    fits = X509_verify_cert(check.get()) == 1;
  }
  const auto why = X509_STORE_CTX_get_error(check.get());
  sk_X509_free(between);
  ERR_clear_error();
  if (!fits)
    return unfit(files.certificate, "wanted a certificate issued by " + files.authority.string() +
                                        ", found: " + X509_verify_cert_error_string(why));
  return {};
}

}  // namespace

std::set<std::string> names_in(const X509& certificate) {
  std::set<std::string> names;
  auto* one = const_cast<X509*>(&certificate);
  const auto add = [&](const ASN1_STRING* text) {
    unsigned char* utf8 = nullptr;
    const auto size = ASN1_STRING_to_UTF8(&utf8, text);
    if (size > 0) names.emplace(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
    OPENSSL_free(utf8);
  };
  const auto* subject = X509_get_subject_name(one);
  for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;)
    add(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  const std::unique_ptr<GENERAL_NAMES, openssl_free<GENERAL_NAMES_free>> others{
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(one, NID_subject_alt_name, nullptr, nullptr))};
  for (int i = 0; others && i < sk_GENERAL_NAME_num(others.get()); ++i) {
    const auto* other = sk_GENERAL_NAME_value(others.get(), i);
    if (other->type == GEN_DNS) add(other->d.dNSName);
  }
  ERR_clear_error();
  return names;
}

result<std::shared_ptr<const credentials>> credentials::load(const tls_files& files, const std::string& self,
                                                             base::instant now) {
  const auto authorities = certificates_in(files.authority, "the certificate of the cluster's CA");
  if (!authorities) return failure(authorities.error());
  for (const auto& one : *authorities)
    if (auto trouble = trouble_with_time(*one, now)) return unfit(files.authority, *trouble);
  const auto chain = certificates_in(files.certificate, "the node's certificate");
  if (!chain) return failure(chain.error());
  auto expires = base::instant::max();
  for (const auto& one : *chain) {
    if (auto trouble = trouble_with_time(*one, now)) return unfit(files.certificate, *trouble);
    expires = std::min(expires, to_instant(X509_get0_notAfter(one.get())));
  }
  if (const auto names = names_in(*chain->front()); !names.contains(self)) {
    std::string found;
    for (const auto& name : names) found += (found.empty() ? "\"" : ", \"") + name + "\"";
    return unfit(files.certificate, "wanted a certificate for node \"" + self + "\", found one for " +
                                        (found.empty() ? "nobody" : found));
  }
  const auto key = key_in(files.key);
  if (!key) return failure(key.error());
  auto context = make_context();
  if (!context) return failure(context.error());
  if (auto used = use(**context, files, *authorities, *chain, **key); !used) return failure(used.error());
  if (auto verified = verify(**context, files, *chain, now); !verified) return failure(verified.error());
  return std::make_shared<const credentials>(std::move(*context), expires);
}

result<std::unique_ptr<credential_source>> credential_source::open(const tls_files& files, const std::string& self,
                                                                   const base::clock& time) {
  std::unique_ptr<credential_source> made{new credential_source(files, self, time)};
  made->read_stamp_ = made->stamp();
  auto first = credentials::load(files, self, time.now());
  if (!first) return failure(first.error());
  made->current_ = std::move(*first);
  struct stat key {};
  if (stat(files.key.c_str(), &key) == 0 && (key.st_mode & (S_IRGRP | S_IROTH)) != 0)
    log.warn("key-readable-by-others", {{"file", files.key.string()}});
  return made;
}

std::string credential_source::stamp() const {
  std::string all;
  for (const auto& file : {files_.authority, files_.certificate, files_.key}) {
    struct stat facts {};
    if (stat(file.c_str(), &facts) != 0) {
      all += "gone ";
      continue;
    }
    for (const auto part : {static_cast<long long>(facts.st_ino), static_cast<long long>(facts.st_size),
                            static_cast<long long>(facts.st_mtim.tv_sec),
                            static_cast<long long>(facts.st_mtim.tv_nsec), static_cast<long long>(facts.st_mode)})
      all += std::to_string(part) + " ";
  }
  return all;
}

std::shared_ptr<const credentials> credential_source::current() {
  const std::lock_guard hold{mutex_};
  const auto found = stamp();
  if (found == read_stamp_) return current_;
  auto fresh = credentials::load(files_, self_, time_.now());
  if (fresh) {
    read_stamp_ = found;
    told_.clear();
    current_ = std::move(*fresh);
    log.info("tls-files-read", {{"expires", base::to_text(current_->expires())}});
  } else if (told_ != fresh.error().text) {
    told_ = fresh.error().text;
    log.error("tls-files-not-in-order", {{"why", told_}, {"use", "the former ones"}});
  }
  return current_;
}

}  // namespace musiccorp::cluster
