/* SPDX-License-Identifier: MIT */
/* The groups of tests of src/base/, and what they share. */
#ifndef RP_TESTS_UNIT_BASE_GROUPS_H
#define RP_TESTS_UNIT_BASE_GROUPS_H

/* cmocka.h wants these four in front of it. */
#include "base/buf.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Each runs one group and returns the number of tests that failed. */
int test_memory(void);
int test_hash(void);
int test_num(void);
int test_when(void);
int test_text(void);
int test_json_read(void);
int test_json_suite(void);
int test_json_write(void);
int test_log(void);
int test_csv(void);
int test_html(void);
int test_wrap(void);

/* Whether the function ends the process by abort(); it runs in a child, with stderr closed. */
int aborts(void (*fn)(void));

#define assert_str(text, expected)                                                                 \
    do {                                                                                           \
        struct rp_str got_ = (text), want_ = rp_str_from(expected);                                \
        if (!rp_str_eq(got_, want_))                                                               \
            fail_msg("got \"%.*s\", expected \"%.*s\"", RP_STR_ARG(got_), RP_STR_ARG(want_));      \
    } while (0)

#endif
