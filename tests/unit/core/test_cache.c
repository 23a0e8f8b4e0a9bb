/* SPDX-License-Identifier: MIT */
/* The cache of leads: whatever becomes cold comes back as it was, pinned leads stay where they are,
 * flags are seen in either form, a full table evicts clean leads only. */
#include "base/mem.h"
#include "core/cold.h"
#include "unit/core/groups.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t seed = 7;

static uint64_t any(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* Numbers of all sizes: none, small, times, extremes. */
static int64_t any_number(int64_t near_ms)
{
    switch (any() % 6) {
    case 0:
        return 0;
    case 1:
        return near_ms + (int64_t)(any() % 100000);
    case 2:
        return near_ms - (int64_t)(any() % 100000);
    case 3:
        return any() % 2 ? INT64_MAX : INT64_MIN;
    case 4:
        return (int64_t)any();
    default:
        return (int64_t)(any() % 300);
    }
}

static void fill(struct rp_cached *entry, uint32_t cells)
{
    struct rp_lead *lead = &entry->lead;
    int64_t near_ms = INT64_C(1772442000000);

    lead->created_ms = any_number(near_ms);
    lead->updated_ms = any_number(near_ms);
    lead->stage_since_ms = any_number(near_ms);
    lead->status_since_ms = any_number(near_ms);
    lead->judged_ms = any_number(near_ms);
    lead->due_ms = any_number(near_ms);
    lead->late_ms = any_number(near_ms);
    entry->queued_ms = any_number(near_ms);
    entry->timer_ms = any_number(near_ms);
    lead->through = any_number(0);
    lead->generation = (uint32_t)any_number(0);
    lead->stage = any() % 3 ? (uint16_t)any() : RP_STAGE_NONE;
    lead->status = (uint32_t)any_number(0);
    lead->due_kind = (uint16_t)any_number(0);
    entry->stage_list = (uint32_t)any_number(0);
    snprintf(lead->public_id, sizeof(lead->public_id), "%s",
             any() % 3 ? "ld_3oc2gaq7org6xg2kswyykeenek" : "ld_Another-Form");
    for (uint32_t i = 0; i < cells; i++) {
        uint32_t len = (uint32_t)(any() % 90);
        uint8_t *payload = rp_lead_cell_resize(lead, rp_cell_key(RP_CELL_RULE, 0, i), len);

        for (uint32_t at = 0; at < len; at++) {
            payload[at] = any() % 3 ? 0 : (uint8_t)any();
        }
    }
}

static void assert_same(const struct rp_cached *a, const struct rp_cached *b)
{
    struct rp_cached x = *a, y = *b;

    assert_int_equal(x.lead.cells_len, y.lead.cells_len);
    if (x.lead.cells_len) {
        assert_memory_equal(x.lead.cells, y.lead.cells, x.lead.cells_len);
    }
    assert_int_equal(x.lead.marks_len, y.lead.marks_len);
    x.lead.cells = y.lead.cells = NULL; /* where they stand may differ */
    x.lead.marks = y.lead.marks = NULL;
    x.lead.cells_cap = y.lead.cells_cap = x.lead.marks_cap = y.lead.marks_cap = 0;
    x.used = y.used = false;
    assert_int_equal(x.lead.id, y.lead.id);
    assert_int_equal(x.lead.through, y.lead.through);
    assert_int_equal(x.lead.created_ms, y.lead.created_ms);
    assert_int_equal(x.lead.updated_ms, y.lead.updated_ms);
    assert_int_equal(x.lead.stage_since_ms, y.lead.stage_since_ms);
    assert_int_equal(x.lead.status_since_ms, y.lead.status_since_ms);
    assert_int_equal(x.lead.judged_ms, y.lead.judged_ms);
    assert_int_equal(x.lead.due_ms, y.lead.due_ms);
    assert_int_equal(x.lead.late_ms, y.lead.late_ms);
    assert_int_equal(x.queued_ms, y.queued_ms);
    assert_int_equal(x.timer_ms, y.timer_ms);
    assert_int_equal(x.lead.generation, y.lead.generation);
    assert_int_equal(x.lead.stage, y.lead.stage);
    assert_int_equal(x.lead.status, y.lead.status);
    assert_int_equal(x.lead.due_kind, y.lead.due_kind);
    assert_int_equal(x.lead.flags, y.lead.flags);
    assert_int_equal(x.stage_list, y.stage_list);
    assert_memory_equal(x.lead.public_id, y.lead.public_id, sizeof(x.lead.public_id));
}

/* Many more leads than may be hot, in any order, against copies that are never made cold. */
static void cold_leads_come_back(void **state)
{
    enum { LEADS = 500, HOT = 40, STEPS = 20000 };
    struct rp_cached *truth = rp_calloc(LEADS, sizeof(*truth));
    struct rp_cache cache;

    (void)state;
    rp_cache_init(&cache, LEADS * 2);
    cache.hot_max = HOT;
    for (int i = 0; i < LEADS; i++) {
        struct rp_cached *entry = rp_cache_add(&cache, i + 1);
        fill(entry, (uint32_t)(any() % 12));
        rp_lead_init(&truth[i].lead);
        rp_lead_copy(&truth[i].lead, &entry->lead);
        truth[i].queued_ms = entry->queued_ms;
        truth[i].timer_ms = entry->timer_ms;
        truth[i].stage_list = entry->stage_list;
    }
    for (int step = 0; step < STEPS; step++) {
        int i = (int)(any() % LEADS);
        if (any() % 4 == 0) {
            uint16_t *flags = rp_cache_flags(&cache, i + 1);
            *flags = truth[i].lead.flags = (uint16_t)(*flags ^ RP_LEAD_DIRTY);
        }
        assert_same(rp_cache_find(&cache, i + 1), &truth[i]);
        assert_true(cache.hot <= HOT);
    }
    assert_null(rp_cache_find(&cache, LEADS + 1));
    assert_null(rp_cache_flags(&cache, LEADS + 1));
    for (int i = 0; i < LEADS; i += 3) {
        rp_cache_remove(&cache, i + 1);
    }
    for (int i = 0; i < LEADS; i++) {
        struct rp_cached *entry = rp_cache_find(&cache, i + 1);
        assert_int_equal(entry == NULL, i % 3 == 0);
        if (entry) {
            assert_same(entry, &truth[i]);
        }
        rp_lead_fini(&truth[i].lead);
    }
    rp_cache_fini(&cache);
    free(truth);
}

static void pinned_leads_stay(void **state)
{
    struct rp_cached *pinned[30];
    struct rp_cache cache;

    (void)state;
    rp_cache_init(&cache, 1000);
    cache.hot_max = 10;
    for (int i = 0; i < 30; i++) {
        pinned[i] = rp_cache_add(&cache, i + 1);
        pinned[i]->lead.flags = RP_LEAD_PINNED;
    }
    for (int i = 30; i < 300; i++) {
        rp_cache_add(&cache, i + 1);
    }
    for (int i = 0; i < 30; i++) {
        assert_ptr_equal(rp_cache_find(&cache, i + 1), pinned[i]);
    }
    assert_true(cache.hot >= 30 && cache.hot <= 31); /* more than the bound: none can go */
    rp_cache_fini(&cache);
}

static void clean_leads_are_evicted(void **state)
{
    struct rp_cache cache;
    int left = 0;

    (void)state;
    rp_cache_init(&cache, 100);
    cache.hot_max = 10;
    for (int i = 1; i <= 200; i++) {
        rp_cache_add(&cache, i);
        *rp_cache_flags(&cache, i) = i % 4 == 0 ? RP_LEAD_DIRTY : 0;
    }
    assert_int_equal(cache.count, 100);
    for (int i = 1; i <= 200; i++) {
        uint16_t *flags = rp_cache_flags(&cache, i);
        left += flags != NULL;
        assert_true(flags || i % 4 != 0);
    }
    assert_int_equal(left, 100);
    rp_cache_fini(&cache);
}

/* A lead of an ordinary size takes a third of what it takes when it is hot. */
static void cold_is_small(void **state)
{
    struct rp_cached entry = {.queued_ms = 0};
    struct rp_buf scratch = {0};

    (void)state;
    rp_lead_init(&entry.lead);
    entry.lead.created_ms = entry.lead.updated_ms = INT64_C(1772442000000);
    memcpy(entry.lead.public_id, "ld_3oc2gaq7org6xg2kswyykeenek", 30);
    rp_lead_head_set(&entry.lead, 12345, 67890);
    free(rp_cold_make(&scratch, &entry));
    assert_true(scratch.len < 60);
    rp_lead_fini(&entry.lead);
    rp_buf_fini(&scratch);
}

int test_cache(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cold_leads_come_back),
        cmocka_unit_test(pinned_leads_stay),
        cmocka_unit_test(clean_leads_are_evicted),
        cmocka_unit_test(cold_is_small),
    };

    return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
