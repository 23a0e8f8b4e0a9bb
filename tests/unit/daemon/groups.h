/* SPDX-License-Identifier: MIT */
/* The groups of tests of src/daemon/. Each runs one and returns the number of tests that failed. */
#ifndef RP_TESTS_UNIT_DAEMON_GROUPS_H
#define RP_TESTS_UNIT_DAEMON_GROUPS_H

int test_coalesce(void);
int test_sight(void);
int test_candidate(void);

#endif
