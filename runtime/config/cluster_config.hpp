#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "describe/describe.hpp"

/// What a cluster file says, with its defaults. Units are in the names.
namespace musiccorp::config {

struct cluster_node_config {
  std::string name;
  std::string link;
  std::string http;
  std::vector<std::string> hosts;

  static constexpr auto describe() {
    return describe_as(
        "cluster_node_config", 1, field("name", &cluster_node_config::name, "Name of the node", between(1, 64)),
        field("link", &cluster_node_config::link, "HOST:PORT where the other nodes reach it", between(1, 300)),
        field("http", &cluster_node_config::http, "HOST:PORT of its door", between(1, 300)),
        field("hosts", &cluster_node_config::hosts,
              "What it hosts: services (order), or partitions of one that has several (order/2)"));
  }
};

struct cluster_tls_config {
  std::string authority;
  std::string certificate;
  std::string key;

  static constexpr auto describe() {
    return describe_as(
        "cluster_tls_config", 1,
        field(
            "authority", &cluster_tls_config::authority,
            "PEM file of the authority that has signed every node's certificate; {node} stands for the node's name, "
            "here and below; paths are from this file's folder",
            between(1, 4'096)),
        field("certificate", &cluster_tls_config::certificate, "PEM file of a node's certificate", between(1, 4'096)),
        field("key", &cluster_tls_config::key, "PEM file of its private key, without a passphrase",
              between(1, 4'096)));
  }
};

struct cluster_links_config {
  std::int64_t beat_ms = 200;
  std::int64_t down_after_ms = 1'500;
  std::int64_t reconnect_first_ms = 100;
  std::int64_t reconnect_longest_ms = 5'000;
  std::int64_t outstanding_bytes_max = 32LL << 20;
  bool plain_beyond_loopback = false;

  static constexpr auto describe() {
    return describe_as(
        "cluster_links_config", 1,
        field("beat_ms", &cluster_links_config::beat_ms, "Time between two beats on a link", defaulted,
              between(10, 60'000)),
        field("down_after_ms", &cluster_links_config::down_after_ms, "A peer that is silent for so long is down",
              defaulted, between(50, 600'000)),
        field("reconnect_first_ms", &cluster_links_config::reconnect_first_ms,
              "Longest wait before the second try; doubles with each further one", defaulted, between(1, 600'000)),
        field("reconnect_longest_ms", &cluster_links_config::reconnect_longest_ms, "No wait is longer than this",
              defaulted, between(1, 3'600'000)),
        field("outstanding_bytes_max", &cluster_links_config::outstanding_bytes_max,
              "Bytes on their way to one peer that it has not confirmed; above it requests are refused and streams "
              "wait",
              defaulted, between(1 << 20, 1LL << 40)),
        field("plain_beyond_loopback", &cluster_links_config::plain_beyond_loopback,
              "Links without TLS on other addresses than loopback: anybody who reaches the port can crash the node",
              defaulted));
  }
};

struct cluster_config {
  std::string schema;
  std::string cluster;
  std::string settings;
  std::optional<cluster_tls_config> tls;
  cluster_links_config links;
  std::map<std::string, std::int64_t> partitions;
  std::vector<cluster_node_config> nodes;

  static constexpr auto describe() {
    return describe_as(
        "cluster_config", 1, field("$schema", &cluster_config::schema, "For editors; ignored", defaulted),
        field("cluster", &cluster_config::cluster, "Name of the cluster", between(1, 64)),
        field("settings", &cluster_config::settings,
              "Node file with what is the same on all nodes, from this file's folder; empty: defaults", defaulted),
        field("tls", &cluster_config::tls, "Missing: links are not encrypted, and only loopback is allowed"),
        field("links", &cluster_config::links, "Between nodes", defaulted),
        field("partitions", &cluster_config::partitions, "How many partitions a service has, by service; else 1",
              defaulted, between(1, 64)),
        field("nodes", &cluster_config::nodes, "All nodes"));
  }
};

}  // namespace musiccorp::config
