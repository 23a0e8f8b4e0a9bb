/* SPDX-License-Identifier: MIT */
#ifndef TESTS_INGEST_TESTS_H
#define TESTS_INGEST_TESTS_H

int test_queue(void);
int test_batch(void);
int test_routes(void);
int test_form(void);
int test_cloudevents(void);
int test_webhook(void);
int test_webhook_mail(void);

#endif
