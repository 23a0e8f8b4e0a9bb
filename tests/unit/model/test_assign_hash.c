/* SPDX-License-Identifier: MIT */
/* The assignment hash against GrowthBook's published vectors, and what ranges promise. */
#include "base/check.h"
#include "model/assign_hash.h"
#include "unit/model/assign_vectors.h"
#include "unit/model/groups.h"

#include <math.h>
#include <stdio.h>

static double hash_of(int version, const char *seed, const char *id)
{
    return version == 1 ? rp_assign_hash_v1(rp_str_from(seed), rp_str_from(id))
                        : rp_assign_bucket(rp_str_from(seed), rp_str_from(id)) / 10000.0;
}

static void hashes_are_growthbooks(void **state)
{
    (void)state;
    for (size_t i = 0; i < RP_COUNT(fnv_cases); i++)
        assert_int_equal(rp_fnv1a32(rp_str_from(fnv_cases[i].text), RP_STR("")), fnv_cases[i].hash);
    for (size_t i = 0; i < RP_COUNT(hash_cases); i++)
        assert_true(hash_of(hash_cases[i].version, hash_cases[i].seed, hash_cases[i].id) ==
                    hash_cases[i].n);
    for (size_t i = 0; i < RP_COUNT(bucket_cases); i++) {
        struct rp_str seed = rp_str_from(bucket_cases[i].seed);
        struct rp_str id = rp_str_from(bucket_cases[i].id);

        assert_int_equal(rp_fnv1a32(seed, id), bucket_cases[i].fnv1);
        assert_int_equal(bucket_cases[i].fnv2 % RP_ASSIGN_BUCKETS, bucket_cases[i].bucket);
        assert_int_equal(rp_assign_bucket(seed, id), bucket_cases[i].bucket);
    }
}

static void ranges_are_growthbooks(void **state)
{
    (void)state;
    for (size_t i = 0; i < RP_COUNT(range_cases); i++) {
        size_t count = (size_t)range_cases[i].count;
        struct rp_assign_range ranges[4];
        const double *weights =
            range_cases[i].weight_count == range_cases[i].count ? range_cases[i].weights : NULL;

        rp_assign_ranges(weights, count, range_cases[i].coverage, ranges);
        for (size_t r = 0; r < count; r++) { /* the published ones are rounded to 6 places */
            assert_true(fabs(ranges[r].lo - range_cases[i].lo[r]) < 1e-6);
            assert_true(fabs(ranges[r].hi - range_cases[i].hi[r]) < 1e-6);
        }
    }
    for (size_t i = 0; i < RP_COUNT(choose_cases); i++) {
        struct rp_assign_range ranges[3];
        size_t count = (size_t)choose_cases[i].count;

        for (size_t r = 0; r < count; r++)
            ranges[r] = (struct rp_assign_range){choose_cases[i].lo[r], choose_cases[i].hi[r]};
        assert_int_equal(rp_assign_choose(choose_cases[i].n, ranges, count), choose_cases[i].arm);
    }
    for (size_t i = 0; i < RP_COUNT(namespace_cases); i++)
        assert_int_equal(rp_assign_in_namespace(rp_str_from(namespace_cases[i].name),
                                                rp_str_from(namespace_cases[i].id),
                                                namespace_cases[i].lo, namespace_cases[i].hi),
                         namespace_cases[i].in);
}

static bool passes_filters(const struct run_case *c)
{
    for (int f = 0; f < c->filter_count; f++) {
        double n = rp_assign_bucket(RP_STR("seed"), rp_str_from(c->filters[f].id)) / 10000.0;
        bool in = false;

        for (int r = 0; r < c->filters[f].count; r++)
            in |= n >= c->filters[f].lo[r] && n < c->filters[f].hi[r];
        if (!in)
            return false;
    }
    return true;
}

/* As a caller puts the parts together. */
static int run_case(const struct run_case *c)
{
    struct rp_assign_range ranges[3];
    size_t count = (size_t)c->count;

    if (c->id[0] == '\0' || count < 2 || !passes_filters(c) ||
        (c->space &&
         !rp_assign_in_namespace(rp_str_from(c->space), rp_str_from(c->id), c->from, c->to)))
        return RP_ASSIGN_NONE;
    rp_assign_ranges(c->weight_count == c->count ? c->weights : NULL, count, c->coverage, ranges);
    for (int r = 0; r < c->range_count; r++)
        ranges[r] = (struct rp_assign_range){c->lo[r], c->hi[r]};
    return rp_assign_choose(hash_of(c->version, c->seed, c->id), ranges, count);
}

static void published_runs_end_alike(void **state)
{
    (void)state;
    assert_int_equal(RP_COUNT(run_cases), 57);
    for (size_t i = 0; i < RP_COUNT(run_cases); i++) {
        int arm = run_case(&run_cases[i]);

        if (arm != run_cases[i].arm)
            fail_msg("%s: arm %d, published %d", run_cases[i].name, arm, run_cases[i].arm);
    }
    for (size_t i = 0; i < RP_COUNT(assign_cases); i++) {
        struct rp_assign_range ranges[4];
        size_t count = (size_t)assign_cases[i].count;
        uint32_t bucket =
            rp_assign_bucket(rp_str_from(assign_cases[i].seed), rp_str_from(assign_cases[i].id));

        rp_assign_ranges(assign_cases[i].weight_count ? assign_cases[i].weights : NULL, count,
                         assign_cases[i].coverage, ranges);
        assert_int_equal(bucket, assign_cases[i].bucket);
        assert_int_equal(rp_assign_choose(bucket / 10000.0, ranges, count), assign_cases[i].arm);
    }
}

/* A higher coverage moves units in, and none out or over. */
static void a_growing_share_only_moves_in(void **state)
{
    const double weights[] = {0.2, 0.3, 0.5};
    struct rp_assign_range before[3];
    struct rp_assign_range after[3];

    (void)state;
    for (int step = 0; step < 20; step++) {
        rp_assign_ranges(weights, 3, step / 20.0, before);
        rp_assign_ranges(weights, 3, (step + 1) / 20.0, after);
        for (uint32_t bucket = 0; bucket < RP_ASSIGN_BUCKETS; bucket++) {
            int was = rp_assign_choose(bucket / 10000.0, before, 3);

            if (was != RP_ASSIGN_NONE)
                assert_int_equal(rp_assign_choose(bucket / 10000.0, after, 3), was);
        }
    }
    for (uint32_t bucket = 0; bucket < RP_ASSIGN_BUCKETS; bucket++)
        assert_true(rp_assign_choose(bucket / 10000.0, after, 3) != RP_ASSIGN_NONE);
}

/* 100,000 ids and two seeds: the counts that an independent program found. */
static void ids_are_dealt_evenly(void **state)
{
    uint32_t first[2] = {0};
    uint32_t joint[2][2] = {0};

    (void)state;
    for (unsigned i = 0; i < 100000; i++) {
        char id[16];
        int a;
        int b;

        snprintf(id, sizeof(id), "lead-%06u", i);
        a = rp_assign_bucket(RP_STR("model-test-2026"), rp_str_from(id)) >= 5000;
        b = rp_assign_bucket(RP_STR("exp1"), rp_str_from(id)) >= 5000;
        first[a]++;
        joint[a][b]++;
    }
    assert_int_equal(first[0], 50288);
    assert_int_equal(first[1], 49712);
    assert_int_equal(joint[0][0], 25151);
    assert_int_equal(joint[0][1], 25137);
    assert_int_equal(joint[1][0], 24972);
    assert_int_equal(joint[1][1], 24740);
}

int test_assign_hash(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_growthbooks),        cmocka_unit_test(ranges_are_growthbooks),
        cmocka_unit_test(published_runs_end_alike),      cmocka_unit_test(ids_are_dealt_evenly),
        cmocka_unit_test(a_growing_share_only_moves_in),
    };

    return cmocka_run_group_tests_name("assign_hash", tests, NULL, NULL);
}
