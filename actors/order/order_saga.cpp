#include "order/order_saga.hpp"

namespace musiccorp::order {
namespace {

using enum order_status;

constexpr transition bug{saga_action::surprise};
constexpr transition ok{saga_action::ignore};
constexpr transition no{saga_action::refuse};
constexpr transition wai{saga_action::wait};
constexpr transition ref{saga_action::note_refund};
constexpr transition ask{saga_action::ask_to_void};
constexpr transition plc{saga_action::place, placed};
constexpr transition rej{saga_action::reject, rejected};
constexpr transition pay{saga_action::advance, paid};
constexpr transition pck{saga_action::advance, packaged};
constexpr transition shp{saga_action::advance, shipped};
constexpr transition can{saga_action::cancel, cancelled};
constexpr transition cap{saga_action::cancel, cancelled, paid};  // Cancelled, and it was paid.

// clang-format off
constexpr std::array<std::array<transition, 7>, saga_messages> chart{{
    //                        pending placed paid packaged shipped rejected cancelled
    /* stock_reserved      */ {plc,   ok,    ok,  ok,      ok,     bug,      ok},  // Cancelled while the request was under way.
    /* stock_rejected      */ {rej,   bug,    bug,  bug,      bug,     ok,      ok},
    /* payment.received    */ {wai,    pay,   ok,  ok,      ok,     bug,      ok},  // Overtaken by order.unfulfillable.
    /* payment.declined    */ {wai,    can,   bug,  bug,      bug,     bug,      ok},
    /* payment.refunded    */ {bug,    bug,    bug,  bug,      bug,     bug,      ref},
    /* payment_voided      */ {wai,    can,   bug,  bug,      bug,     bug,      ok},  // It was declined before it was voided.
    /* payment_kept        */ {wai,    pay,   ok,  ok,      ok,     bug,      ok},
    /* order.packaged      */ {wai,    pck,   pck, ok,      ok,     bug,      bug},  // Nothing is packed after a cancel.
    /* order.unfulfillable */ {wai,    cap,   can, bug,      bug,     bug,      ok},
    /* order.shipped       */ {wai,    shp,   shp, shp,     ok,     bug,      bug},
    /* cancel_order        */ {can,   ask,   no,  no,      no,     no,      no},
}};
// clang-format on

}  // namespace

const transition& on_chart(order_status state, saga_message message) {
  return chart.at(static_cast<std::size_t>(message)).at(static_cast<std::size_t>(state));
}

bool is_final(order_status state) { return state >= shipped; }

}  // namespace musiccorp::order
