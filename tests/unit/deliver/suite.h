/* SPDX-License-Identifier: MIT */
/* What the files of this binary share: cmocka with what it needs, and the groups that main runs. */
#ifndef TEST_DELIVER_SUITE_H
#define TEST_DELIVER_SUITE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

int rp_test_sign(void);
int rp_test_guard(void);
int rp_test_retry(void);
int rp_test_lanes(void);
int rp_test_pace(void);
int rp_test_deliver(void);
int rp_test_deliver_bounds(void);
int rp_test_mail(void);
int rp_test_breaker(void);
int rp_test_crm(void);
int rp_test_pause(void);

#endif
