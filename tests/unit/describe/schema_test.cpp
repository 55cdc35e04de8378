#include "describe/schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "samples.hpp"

namespace {

using namespace samples;
using musiccorp::describe::component_name;
using musiccorp::describe::json_schema;
using musiccorp::describe::openapi_schema;
using musiccorp::describe::shape_of;
using nlohmann::json;

TEST(Schema, OfAnOrder) {
  EXPECT_EQ(json_schema(shape_of<order>()), R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "order.placed",
  "x-version": 2,
  "type": "object",
  "properties": {
    "order_id": {
      "type": "string",
      "minLength": 1,
      "x-key": true
    },
    "lines": {
      "type": "array",
      "items": {
        "$ref": "#/$defs/line"
      },
      "minItems": 1,
      "maxItems": 5
    },
    "coupon": {
      "type": "string"
    },
    "wrapping": {
      "type": "string",
      "enum": [
        "red",
        "green",
        "blue"
      ]
    }
  },
  "required": [
    "order_id",
    "lines"
  ],
  "$defs": {
    "line": {
      "title": "line",
      "x-version": 1,
      "type": "object",
      "properties": {
        "item": {
          "type": "string",
          "minLength": 1,
          "maxLength": 20
        },
        "quantity": {
          "type": "integer",
          "minimum": 1,
          "maximum": 99,
          "description": "how many"
        }
      },
      "required": [
        "item",
        "quantity"
      ]
    }
  }
}
)");
}

TEST(Schema, SaysEveryKindOfMember) {
  const auto properties = json::parse(json_schema(shape_of<everything>())).at("properties");
  const auto is = [&](const char* name, const char* wanted) {
    EXPECT_EQ(properties.at(name), json::parse(wanted)) << name;
  };
  is("flag", R"({"type":"boolean"})");
  is("tiny", R"({"type":"integer","minimum":-128,"maximum":127})");
  is("large", R"({"type":"integer"})");
  is("wide", R"({"type":"integer","minimum":0})");
  is("number", R"({"type":"number"})");
  is("limited", R"({"type":"number","minimum":-5,"maximum":5})");
  is("when", R"({"type":"string","format":"date-time"})");
  is("nested", R"({"$ref":"#/$defs/order.placed"})");
  is("matrix", R"({"type":"array","items":{"type":"array","items":{"type":"number"}}})");
  is("holes", R"({"type":"array","items":{"anyOf":[{"type":"string"},{"type":"null"}]}})");
  is("maybe_nested", R"({"$ref":"#/$defs/order.placed"})");
  is("counts", R"({"type":"object","additionalProperties":{"type":"integer"}})");
  is("lines_by_name", R"({"type":"object","additionalProperties":{"$ref":"#/$defs/line"}})");
  is("raw", "{}");
}

TEST(Schema, StrictForbidsUnknownPropertiesEverywhere) {
  const auto document = json::parse(json_schema(shape_of<order>(), true));
  EXPECT_EQ(document.at("additionalProperties"), false);
  EXPECT_EQ(document.at("/$defs/line/additionalProperties"_json_pointer), false);
}

TEST(Schema, MarksPersonalData) {
  const auto document = json::parse(json_schema(shape_of<customer>()));
  EXPECT_EQ(document.at("/properties/email/x-pii"_json_pointer), true);
  EXPECT_FALSE(document.at("/properties/id"_json_pointer).contains("x-pii"));
}

TEST(Schema, ATypeThatContainsItselfRefersToTheRoot) {
  const auto document = json::parse(json_schema(shape_of<tree>()));
  EXPECT_EQ(document.at("/properties/branches/items/$ref"_json_pointer), "#");
  EXPECT_FALSE(document.contains("$defs"));
}

TEST(OpenapiSchema, RefersToComponents) {
  const auto document = json::parse(openapi_schema(shape_of<order>()));
  EXPECT_EQ(document.at("/properties/lines/items/$ref"_json_pointer), "#/components/schemas/line");
  EXPECT_FALSE(document.contains("$schema"));
  EXPECT_FALSE(document.contains("$defs"));
  EXPECT_EQ(json::parse(openapi_schema(shape_of<tree>())).at("/properties/branches/items/$ref"_json_pointer),
            "#/components/schemas/tree");
}

TEST(OpenapiSchema, ComponentNamesAreLegalKeys) {
  EXPECT_EQ(component_name(shape_of<order>()), "order.placed");
  EXPECT_EQ(component_name(describe::shape{.what = describe::form::object, .name = "a b/c:é"}), "a_b_c___");
}

TEST(DescribedTypes, AreListedOnceWithTheOuterOneFirst) {
  EXPECT_THAT(
      describe::described_types(shape_of<everything>()),
      testing::ElementsAre(&shape_of<everything>(), &shape_of<order>(), &shape_of<line>(), &shape_of<tree>()));
}

}  // namespace
