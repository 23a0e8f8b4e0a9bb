/* SPDX-License-Identifier: MIT */
#ifndef TESTS_NET_TESTS_H
#define TESTS_NET_TESTS_H

int test_guard(void);
int test_server(void);
int test_pure(void);

#endif
