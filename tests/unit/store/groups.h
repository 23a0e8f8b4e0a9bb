/* SPDX-License-Identifier: MIT */
/* The groups of tests of src/store/, and what they share: a fresh store in memory or in a folder of
 * its own, and short ways to put a lead and its events there. */
#ifndef RP_TESTS_UNIT_STORE_GROUPS_H
#define RP_TESTS_UNIT_STORE_GROUPS_H

/* cmocka.h wants these four in front of it. */
#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "model/event.h"
#include "store/db.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Each runs one group and returns the number of tests that failed. */
int test_db(void);
int test_full(void);
int test_schema(void);
int test_identities(void);
int test_events(void);
int test_records(void);
int test_timers(void);
int test_outbox(void);
int test_handoff(void);
int test_dedup(void);
int test_wal(void);
int test_page_cache(void);
/* In this order, before the first store. */
void test_page_cache_register(void);
void test_wal_register(void);

#define NINE INT64_C(1772442000000) /* 2026-03-02T09:00:00Z */

#define assert_str(text, expected)                                                                 \
    do {                                                                                           \
        struct rp_str got_ = (text), want_ = rp_str_from(expected);                                \
        if (!rp_str_eq(got_, want_))                                                               \
            fail_msg("got \"%.*s\", expected \"%.*s\"", RP_STR_ARG(got_), RP_STR_ARG(want_));      \
    } while (0)

/* 0, or the test fails with the message of `err` in scope. */
#define assert_ok(call)                                                                            \
    do {                                                                                           \
        int status_ = (call);                                                                      \
        if (status_ < 0)                                                                           \
            fail_msg("%s: %d: %s", #call, status_, err.text);                                      \
    } while (0)

/* A messageId as dedup knows it. */
static inline uint64_t hash_of(const struct rp_store *store, struct rp_str message_id)
{
    return rp_hash_keyed(rp_store_secret(store), message_id);
}

/* state of a test: one store in memory and an arena */
struct rig {
    struct rp_store *store;
    struct rp_arena arena;
};
int rig_memory(void **state); /* set-up and tear-down of cmocka */
int rig_end(void **state);

/* A folder of its own under the system's temporary folder, removed at the end; state: its path. */
int folder_make(void **state);
int folder_remove(void **state);
/* "<folder>/<name>", valid until the next call with another of four. */
const char *path_in(const char *folder, const char *name);

/* A lead with one userId node; returns the node. In the open transaction. */
int64_t add_person(struct rp_store *store, const char *user_id, int64_t *ret_lead);
struct rp_event make_event(int64_t node, const char *user_id, const char *message_id);
/* Text of a one-row, one-column query through a plain connection; "NULL" for NULL. */
void assert_query(const char *path, const char *sql, const char *expected);

#endif
