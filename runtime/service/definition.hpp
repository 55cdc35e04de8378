#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/ensure.hpp"
#include "delivery/key_share.hpp"
#include "message/catalogue.hpp"
#include "service/entity_watcher.hpp"
#include "service/outcome.hpp"
#include "service/turn.hpp"

namespace musiccorp::service {

/// A question put to another service before a rule runs: the turn starts when all answers are there.
struct ask_specification {
  std::string service;  ///< empty: the question's own `to` says it
  const describe::shape* question = nullptr;
  const describe::shape* reply = nullptr;
  /// The question as an envelope with type, version, key and payload set, and `to` when the command decides whom to
  /// ask; fault{invalid} when the command cannot be read.
  std::function<result<message::envelope>(const message::envelope& command)> make;
  /// The rule does without the answer when it is not there after so long; missing: it needs the answer.
  std::optional<base::duration> patience{};
};

struct handler {
  std::string type;
  int version = 1;
  const describe::shape* input = nullptr;
  std::vector<ask_specification> asks;  ///< the rule needs the answers of all of them, or of none
  /// `answers` has one payload per ask, in order; empty: there is none. Unreadable input gives outcome fault{invalid}
  /// with its problems.
  std::function<outcome(turn&, const message::envelope&, std::span<const std::string> answers)> run;
};

/// One HTTP route of a service. Path parameters, query parameters and body become the fields of the command.
struct route {
  std::string method;
  std::string path;  ///< "/orders/{order_id}"
  std::string type;  ///< of the command or query
  const describe::shape* input = nullptr;
  const describe::shape* reply = nullptr;
  int status = 200;             ///< of a successful answer
  std::string location;         ///< Location header with fields of the answer: "/orders/{order_id}"
  std::string summary;          ///< for the OpenAPI document
  std::size_t page_size = 0;    ///< of a list, when the query does not say it; 0: it is none
  std::vector<int> refusals{};  ///< statuses of noes that only its rules know, for the OpenAPI document
};

namespace detail {

template <class F>
struct signature : signature<decltype(&F::operator())> {};
template <class R, class... A>
struct signature<R (*)(A...)> {
  using answer = R;
  using arguments = std::tuple<std::remove_cvref_t<A>...>;
};
template <class C, class R, class... A>
struct signature<R (C::*)(A...) const> : signature<R (*)(A...)> {};
template <class C, class R, class... A>
struct signature<R (C::*)(A...)> : signature<R (*)(A...)> {};

template <class F>
using arguments_of = typename signature<std::decay_t<F>>::arguments;
template <class F>
using answer_of = typename signature<std::decay_t<F>>::answer;

/// Lists say how many items a page has.
template <class Query>
std::size_t page_size_of() {
  if constexpr (requires(Query query) { query.page_size; })
    return static_cast<std::size_t>(Query{}.page_size);
  else
    return 0;
}

template <class Question, class Command>
struct ask_of {
  using question = Question;
  using command = Command;
  std::string service;
  std::function<Question(const Command&)> make;
  std::function<std::string(const Command&)> service_of{};
  std::optional<base::duration> patience{};

  /// The rule can do without the answer, and does after so long, or after half of the request's time: its argument is
  /// a std::optional, empty when the other did not answer by then, or with a no or trouble. So it is for all asks of
  /// a rule or for none.
  [[nodiscard]] ask_of or_without(base::duration after) && {
    patience = after;
    return std::move(*this);
  }
};

template <class Argument>
struct answer_in {
  using type = Argument;
  static constexpr bool may_be_missing = false;
};
template <class Answer>
struct answer_in<std::optional<Answer>> {
  using type = Answer;
  static constexpr bool may_be_missing = true;
};

template <class Argument>
result<Argument> read_answer(const std::string& payload) {
  if constexpr (answer_in<Argument>::may_be_missing)
    if (payload.empty()) return Argument{};
  auto read = describe::from_json<typename answer_in<Argument>::type>(payload);
  if (!read) return failure(std::move(read.error()));
  return Argument{std::move(*read)};
}

}  // namespace detail

/// `ask("catalog", prices_of)`: before the rule runs, `prices_of(command)` is put to catalog; the answer is the
/// rule's next argument. All asks of a rule are sent in parallel and share the request's deadline. A `rejected`
/// answer becomes the command's answer; trouble becomes 503 or 504.
template <class Make>
auto ask(std::string service, Make make) {
  using command = std::tuple_element_t<0, detail::arguments_of<Make>>;
  return detail::ask_of<detail::answer_of<Make>, command>{std::move(service), std::move(make)};
}

/// The same when the command says whom to ask. A service that is not there is fault{unavailable}.
template <class ServiceOf, class Make>
requires(!std::is_convertible_v<ServiceOf, std::string>) auto ask(ServiceOf service_of, Make make) {
  using command = std::tuple_element_t<0, detail::arguments_of<Make>>;
  return detail::ask_of<detail::answer_of<Make>, command>{{}, std::move(make), std::move(service_of)};
}

/// What a service is: its name, its rules, its messages and its routes. Built once at start, then only read.
class service_definition {
 public:
  explicit service_definition(std::string name) : name_{std::move(name)}, service_{name_} {}

  /// `rule` is `outcome rule(turn&, const message_type&, const answer_of_ask&...)`.
  template <class Rule, class... Questions, class... Commands>
  service_definition& on(Rule rule, detail::ask_of<Questions, Commands>... asks) {
    using arguments = detail::arguments_of<Rule>;
    static_assert(std::tuple_size_v<arguments> == 2 + sizeof...(asks), "one rule argument for each ask");
    using command = std::tuple_element_t<1, arguments>;
    handler made;
    made.type = describe::name_of<command>();
    made.version = describe::version_of<command>();
    made.input = &describe::shape_of<command>();
    add_asks<arguments>(made, std::index_sequence_for<Questions...>{}, asks...);
    made.run = [rule = std::move(rule)](turn& now, const message::envelope& message,
                                        std::span<const std::string> answers) -> outcome {
      auto input = describe::from_json<command>(message.payload);
      if (!input) {
        now.note_unreadable();
        return std::move(input.error());
      }
      return call<arguments>(rule, now, *input, answers, std::make_index_sequence<sizeof...(Questions)>{});
    };
    add_type<command>();
    add(std::move(made));
    return *this;
  }

  /// Declares the messages that this service's rules send.
  template <describe::described... Messages>
  service_definition& says() {
    (says_.emplace_back(describe::name_of<Messages>()), ...);
    (add_type<Messages>(), ...);
    return *this;
  }

  template <describe::described Command, describe::described Reply>
  service_definition& get(std::string path, std::string summary) {
    return add_route({"GET",
                      std::move(path),
                      std::string{describe::name_of<Command>()},
                      &describe::shape_of<Command>(),
                      &describe::shape_of<Reply>(),
                      200,
                      {},
                      std::move(summary),
                      detail::page_size_of<Command>()});
  }
  template <describe::described Command, describe::described Reply>
  service_definition& post(std::string path, std::string summary, int status = 200, std::string location = {}) {
    return add_route({"POST", std::move(path), std::string{describe::name_of<Command>()},
                      &describe::shape_of<Command>(), &describe::shape_of<Reply>(), status, std::move(location),
                      std::move(summary)});
  }

  template <describe::described Command, describe::described Reply>
  service_definition& put(std::string path, std::string summary) {
    return add_route({"PUT",
                      std::move(path),
                      std::string{describe::name_of<Command>()},
                      &describe::shape_of<Command>(),
                      &describe::shape_of<Reply>(),
                      200,
                      {},
                      std::move(summary)});
  }

  /// The rule of the last route may say no with these statuses as well: 409 for the state of things, 404 for what no
  /// path parameter names. Nobody need say the 404 of a path parameter, and of what writes the 422.
  service_definition& refuses(std::initializer_list<int> statuses);

  /// Each message that it handles is about one thing, its key says which, and all that it keeps of a thing is kept
  /// under that key: so it may have several partitions, each with a share of the keys. Its rules then run in several
  /// cells at a time.
  service_definition& by_key() {
    is_by_key_ = true;
    return *this;
  }
  /// All that its rules say is about things whose keys the partition owns: so two partitions of such services that
  /// share no key need no queue between them. A message under another key is not sent: what the rule was handling
  /// dies, with the reason.
  service_definition& says_under_own_keys() {
    is_under_own_keys_ = true;
    return *this;
  }
  /// These are not about the things that it keeps, and each partition needs them.
  template <describe::described... Messages>
  service_definition& hears_everywhere() {
    (share_.everywhere.emplace_back(describe::name_of<Messages>()), ...);
    return *this;
  }
  /// These entities are the same in each partition, made of what all of them hear.
  template <describe::described... Entities>
  service_definition& keeps_everywhere() {
    (kept_everywhere_.emplace_back(describe::name_of<Entities>()), ...);
    return *this;
  }
  /// These entities say something of the store that they are in: no other one, made of its keys, takes them over.
  template <describe::described... Entities>
  service_definition& keeps_per_store() {
    (kept_per_store_.emplace_back(describe::name_of<Entities>()), ...);
    return *this;
  }
  /// The same service as one of its partitions; `count` is 1 unless it is by key.
  [[nodiscard]] service_definition as_partition(std::uint32_t index, std::uint32_t count) const;

  /// Runs once in the life of the store, in one turn, before anything else.
  service_definition& at_first_start(std::function<void(turn&)> rule) {
    first_start_ = std::move(rule);
    return *this;
  }

  /// What arrives through logs may wait so long for company: a service that hears little and often then pays few
  /// commits. Requests wait for nothing.
  service_definition& gathers(base::duration longest) {
    gathers_ = longest;
    return *this;
  }

  /// A rule that waits for something outside (a mail server, say) must end soon after `interrupt` was called, with
  /// trouble that may pass. It comes once, when the node stops, on any thread, while rules may run.
  service_definition& interrupted_by(std::function<void()> interrupt) {
    interrupt_ = std::move(interrupt);
    return *this;
  }

  /// Numbers that are read off the entities which the rules write: orders by status, stock by account.
  service_definition& watched_by(entity_watcher_maker make) {
    watcher_ = std::move(make);
    return *this;
  }

  /// Of the partition: the service's own when it is the only one, else "order/2".
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& service() const { return service_; }
  [[nodiscard]] bool is_by_key() const { return is_by_key_; }
  [[nodiscard]] bool is_under_own_keys() const { return is_under_own_keys_; }
  [[nodiscard]] const delivery::key_share& share() const { return share_; }
  [[nodiscard]] const std::vector<std::string>& kept_everywhere() const { return kept_everywhere_; }
  [[nodiscard]] const std::vector<std::string>& kept_per_store() const { return kept_per_store_; }
  /// Of its store: the name as one of a file.
  [[nodiscard]] std::string store_name() const;
  void interrupt() const {
    if (interrupt_) interrupt_();
  }
  [[nodiscard]] base::duration gathers() const { return gathers_; }
  [[nodiscard]] const std::vector<handler>& handlers() const { return handlers_; }
  [[nodiscard]] const handler* find(std::string_view type) const;
  [[nodiscard]] const std::vector<std::string>& says_types() const { return says_; }
  [[nodiscard]] bool says_type(std::string_view type) const;
  [[nodiscard]] const std::vector<route>& routes() const { return routes_; }
  [[nodiscard]] const std::function<void(turn&)>& first_start() const { return first_start_; }
  [[nodiscard]] const entity_watcher_maker& watcher() const { return watcher_; }
  /// Every message type that this service handles or sends.
  [[nodiscard]] const message::catalogue& types() const { return types_; }

 private:
  template <class Arguments, std::size_t... I, class... Questions, class... Commands>
  static void add_asks(handler& made, std::index_sequence<I...>, const detail::ask_of<Questions, Commands>&... asks) {
    (ensure(detail::answer_in<std::tuple_element_t<2 + I, Arguments>>::may_be_missing == asks.patience.has_value(),
            "an answer that may be missing is a std::optional, and no other is"),
     ...);
    (made.asks.push_back(
         {asks.service, &describe::shape_of<Questions>(),
          &describe::shape_of<typename detail::answer_in<std::tuple_element_t<2 + I, Arguments>>::type>(),
          [make = asks.make,
           service_of = asks.service_of](const message::envelope& message) -> result<message::envelope> {
            auto command = describe::from_json<Commands>(message.payload);
            if (!command) return failure(std::move(command.error()));
            const auto question = make(*command);
            message::envelope asked;
            if (service_of) asked.to = service_of(*command);
            asked.type = describe::name_of<Questions>();
            asked.version = describe::version_of<Questions>();
            asked.key = describe::key_of(question);
            asked.payload = describe::to_json(question);
            return asked;
          },
          asks.patience}),
     ...);
    for (const auto& one : made.asks)
      ensure(one.patience.has_value() == made.asks.front().patience.has_value(),
             "a rule needs the answers of all that it asks, or of none");
  }

  template <class Arguments, class Rule, class Command, std::size_t... I>
  static outcome call(const Rule& rule, turn& now, const Command& command, std::span<const std::string> answers,
                      std::index_sequence<I...>) {
    if constexpr (sizeof...(I) == 0) {
      return rule(now, command);
    } else {
      ensure(answers.size() == sizeof...(I), "a rule runs when all its answers are there");
      std::tuple<result<std::tuple_element_t<2 + I, Arguments>>...> read{
          detail::read_answer<std::tuple_element_t<2 + I, Arguments>>(answers[I])...};
      const base::fault* trouble = nullptr;
      ((trouble = trouble || std::get<I>(read) ? trouble : &std::get<I>(read).error()), ...);
      if (trouble)
        return base::fault{base::fault_kind::internal, "an answer cannot be read: " + trouble->text, {}, {}};
      return rule(now, command, *std::get<I>(read)...);
    }
  }

  template <class M>
  void add_type() {
    types_.add<M>();
  }
  void add(handler made);
  service_definition& add_route(route made);

  std::string name_;
  std::string service_;
  std::vector<handler> handlers_;
  std::vector<std::string> says_;
  std::vector<route> routes_;
  std::function<void(turn&)> first_start_;
  std::function<void()> interrupt_{};
  bool is_by_key_ = false;
  bool is_under_own_keys_ = false;
  delivery::key_share share_{};
  std::vector<std::string> kept_everywhere_{};
  std::vector<std::string> kept_per_store_{};
  base::duration gathers_{0};
  entity_watcher_maker watcher_;
  message::catalogue types_;
};

}  // namespace musiccorp::service

namespace musiccorp {
using service::ask;
using service::service_definition;
}  // namespace musiccorp
