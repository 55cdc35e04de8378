#include "supervision/supervision_board.hpp"

#include <gtest/gtest.h>

#include "describe/json.hpp"
#include "describe/schema.hpp"

namespace musiccorp::supervision {
namespace {

child_view a_child(std::string id) {
  child_view seen;
  seen.id = std::move(id);
  seen.state = child_state::up;
  return seen;
}

TEST(SupervisionBoard, ShowsSupervisorsInsideTheirParents) {
  supervision_board board;
  const auto root = board.add("node"), services = board.add("node/services"),
             order = board.add("node/services/order");
  root->show_child(1, 1, a_child("telemetry"));
  root->show_child(2, 2, a_child("services"));
  services->show_child(1, 1, a_child("order"));
  order->show_child(1, 1, a_child("order-0"));
  const auto roots = board.tree();
  ASSERT_EQ(roots.size(), 1U);
  EXPECT_EQ(roots[0].path, "node");
  ASSERT_EQ(roots[0].children.size(), 2U);
  EXPECT_TRUE(roots[0].children[0].supervises.empty());
  const auto& inner = roots[0].children[1].supervises.at(0);
  EXPECT_EQ(inner.path, "node/services");
  EXPECT_EQ(inner.children.at(0).supervises.at(0).children.at(0).id, "order-0");
}

TEST(SupervisionBoard, KeepsChildrenInOrderAndForgetsThem) {
  supervision_board board;
  const auto root = board.add("node");
  root->show_child(7, 2, a_child("b"));
  root->show_child(8, 1, a_child("a"));
  root->show_child(9, 3, a_child("c"));
  root->remove_child(9);
  root->show_child(8, 4, a_child("a"));  // The order has changed.
  const auto children = board.tree().at(0).children;
  ASSERT_EQ(children.size(), 2U);
  EXPECT_EQ(children[0].id, "b");
  EXPECT_EQ(children[1].id, "a");
}

TEST(SupervisionBoard, ALaterSupervisorOfAPathReplacesTheFormer) {
  supervision_board board;
  auto first = board.add("node");
  const auto second = board.add("node");
  second->show_child(1, 1, a_child("a"));
  first.reset();
  ASSERT_EQ(board.tree().size(), 1U);
  EXPECT_EQ(board.tree()[0].children.size(), 1U);
}

TEST(SupervisionBoard, LosesAnEntryWithItsSupervisor) {
  supervision_board board;
  { const auto root = board.add("node"); }
  EXPECT_TRUE(board.tree().empty());
}

TEST(SupervisionBoard, SpeaksJson) {
  supervision_board board;
  const auto root = board.add("node");
  auto child = a_child("order");
  child.causes.push_back({instant{}, end_kind::crash, false, "boom", "m1", "here"});
  root->show_child(1, 1, child);
  const auto text = describe::to_json(board.tree()[0]);
  const auto read = describe::from_json<supervisor_view>(text);
  ASSERT_TRUE(read) << text;
  EXPECT_EQ(read->children.at(0).causes.at(0).text, "boom");
  EXPECT_NE(text.find("\"kind\":\"crash\""), std::string::npos) << text;
}

}  // namespace
}  // namespace musiccorp::supervision
