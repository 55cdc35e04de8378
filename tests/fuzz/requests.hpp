#pragma once

#include <tuple>

#include "hospital/batch_messages.hpp"
#include "hospital/case_messages.hpp"
#include "hospital/rehearsal_messages.hpp"
#include "messages/acquirer_messages.hpp"
#include "messages/customer_messages.hpp"
#include "messages/order_messages.hpp"
#include "messages/pricing_messages.hpp"

namespace musiccorp::fuzz {

/// What the bodies of POST and PUT are read as, whoever sends them. A test compares this with the routes.
using every_request =
    std::tuple<messages::place_order, messages::cancel_order, messages::register_customer, messages::update_customer,
               messages::create_price_job, messages::set_acquirer_behaviour, hospital::replay_case,
               hospital::edit_case, hospital::discard_case, hospital::keep_case, hospital::reveal_case,
               hospital::rehearse_case, hospital::start_batch, hospital::cancel_batch>;

}  // namespace musiccorp::fuzz
