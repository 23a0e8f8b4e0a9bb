/* SPDX-License-Identifier: MIT */
/* The groups of tests of src/model/, and what they share. */
#ifndef RP_TESTS_UNIT_MODEL_GROUPS_H
#define RP_TESTS_UNIT_MODEL_GROUPS_H

/* cmocka.h wants these four in front of it. */
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Each runs one group and returns the number of tests that failed. */
int test_event(void);
int test_event_parse(void);
int test_event_body(void);
int test_event_cuts(void);
int test_event_request(void);
int test_event_wire(void);
int test_lead(void);
int test_link_token(void);
int test_consent(void);
int test_email(void);
int test_sequence(void);
int test_rule_count(void);
int test_stats_reference(void);
int test_stats_published(void);
int test_stats(void);
int test_learn(void);
int test_assign_hash(void);

#define assert_str(text, expected)                                                                 \
    do {                                                                                           \
        struct rp_str got_ = (text), want_ = rp_str_from(expected);                                \
        if (!rp_str_eq(got_, want_))                                                               \
            fail_msg("got \"%.*s\", expected \"%.*s\"", RP_STR_ARG(got_), RP_STR_ARG(want_));      \
    } while (0)

#define NINE INT64_C(1772442000000) /* 2026-03-02T09:00:00Z: when the tests receive events */

#endif
