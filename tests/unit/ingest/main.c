/* SPDX-License-Identifier: MIT */
#include "unit/ingest/ingest_tests.h"

int main(void)
{
    return test_queue() + test_batch() + test_routes() + test_form() + test_cloudevents() +
               test_webhook() + test_webhook_mail() !=
           0;
}
