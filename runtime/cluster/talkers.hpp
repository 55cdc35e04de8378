#pragma once

#include <memory>
#include <string>

#include "cluster/gate.hpp"
#include "cluster/mesh.hpp"

namespace musiccorp::cluster {

/// The called one's part.
class answering final : public answerer {
 public:
  answering(mesh& of, std::string address) : mesh_(of), address_(std::move(address)) {}
  ~answering() override;

  std::string opening() override { return {}; }
  reply hear(std::string_view text, bool is_encrypted, const std::set<std::string>& names) override;
  void take(wire connection) override;

 private:
  reply hear_hello(std::string_view text, const evidence& proof);
  reply hear_verdict(std::string_view text);
  reply refuse(const refusal& why);

  mesh& mesh_;
  const std::string address_;
  hello said_;
  std::uint32_t protocol_ = 0;
  std::string session_;
  peer_link* link_ = nullptr;  ///< from the acceptance on
  bool is_taken_ = false;
};

/// The caller's part.
class calling final : public talker {
 public:
  calling(mesh& of, peer_link& whom) : mesh_(of), link_(whom) {}

  std::string opening() override;
  reply hear(std::string_view text, bool is_encrypted, const std::set<std::string>& names) override;
  void take(wire connection);
  /// The peer has refused for a reason that passes.
  [[nodiscard]] bool is_put_off() const { return is_put_off_; }

 private:
  reply refuse(const refusal& why);
  [[nodiscard]] hello peer_hello() const;

  mesh& mesh_;
  peer_link& link_;
  verdict said_;
  std::uint32_t protocol_ = 0;
  bool is_put_off_ = false;
};

}  // namespace musiccorp::cluster
