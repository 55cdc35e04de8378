#include "pricing/pricing_service.hpp"

namespace musiccorp::pricing {

using namespace messages;

service_definition pricing_service(pricing_settings settings) {
  return service_definition{"pricing"}
      .on(create, ask("catalog", price_of))  // -> reprice
      .on([settings](turn& now, const reprice& request) { return reprice_item(now, request, settings); })
      .on(answer_job)
      .says<reprice, price_changed>()
      .post<create_price_job, price_job_summary>("/pricing/jobs", "Change a price by so many percent", 202,
                                                 "/pricing/jobs/{job_id}")
      .get<show_price_job, price_job_summary>("/pricing/jobs/{job_id}", "One price job");
}

}  // namespace musiccorp::pricing
