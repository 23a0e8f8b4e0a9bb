/* SPDX-License-Identifier: MIT */
/* The block of cells against a simple model of it, and what may be loaded from a store. */
#include "base/check.h"
#include "model/lead.h"
#include "unit/model/groups.h"

#include <ripen/ripen.h>

#include <stdlib.h>

static void a_new_lead_is_empty(void **state)
{
    struct rp_lead lead;
    uint32_t at = 0, key, len = 9;
    const void *payload;
    size_t count = 9;

    (void)state;
    rp_lead_init(&lead);
    assert_int_equal(lead.stage, RP_STAGE_NONE);
    assert_null(rp_lead_cell(&lead, 5, &len));
    assert_int_equal(len, 0);
    assert_false(rp_lead_cell_next(&lead, &at, &key, &payload, &len));
    assert_null(rp_lead_heads(&lead, &count));
    assert_int_equal(count, 0);
    rp_lead_cell_remove(&lead, 5);
    rp_lead_head_remove(&lead, 5);
    rp_lead_cells_clear_fold(&lead);
    assert_int_equal(lead.cells_len, 0);
    rp_lead_fini(&lead);
}

static void cells_have_any_length(void **state)
{
    struct rp_lead lead;
    uint32_t len;

    (void)state;
    rp_lead_init(&lead);
    for (uint32_t size = 0; size < 40; size++) {
        uint8_t *payload = rp_lead_cell_resize(&lead, 100 - size, size);
        memset(payload, (int)size, size);
    }
    for (uint32_t size = 0; size < 40; size++) {
        uint8_t *payload = rp_lead_cell(&lead, 100 - size, &len);
        assert_non_null(payload);
        assert_int_equal(len, size);
        assert_int_equal((uintptr_t)payload % 8, 0);
        for (uint32_t i = 0; i < size; i++)
            assert_int_equal(payload[i], size);
    }
    rp_lead_fini(&lead);
}

/* Bytes that come back after a cell was short are zero again. */
static void new_bytes_are_zero(void **state)
{
    struct rp_lead lead;

    (void)state;
    rp_lead_init(&lead);
    uint8_t *payload = rp_lead_cell_resize(&lead, 1, 20);
    memset(payload, 0xff, 20);
    payload = rp_lead_cell_resize(&lead, 1, 3);
    payload = rp_lead_cell_resize(&lead, 1, 40);
    for (uint32_t i = 0; i < 40; i++)
        assert_int_equal(payload[i], i < 3 ? 0xff : 0);
    rp_lead_fini(&lead);
}

#define KEYS 96

/* The simple model: an array of byte arrays. */
struct model {
    uint8_t *bytes[KEYS];
    uint32_t len[KEYS];
    bool present[KEYS];
};

static uint32_t model_key(uint32_t i)
{
    return rp_cell_key(i < 3 ? RP_CELL_NODES + 1 : (enum rp_cell_kind)(RP_CELL_FOLD + i % 7), i % 3,
                       i);
}

static int by_key(const void *a, const void *b)
{
    uint32_t x = model_key(*(const uint32_t *)a), y = model_key(*(const uint32_t *)b);

    return (x > y) - (x < y);
}

static void assert_same(const struct rp_lead *lead, const struct model *model)
{
    uint32_t order[KEYS], at = 0, key, len;
    const void *payload;

    for (uint32_t i = 0; i < KEYS; i++)
        order[i] = i;
    qsort(order, KEYS, sizeof(order[0]), by_key);
    for (size_t n = 0; n < KEYS; n++) {
        uint32_t i = order[n];
        const void *found = rp_lead_cell(lead, model_key(i), &len);
        assert_int_equal(found != NULL, model->present[i]);
        if (!found)
            continue;
        assert_int_equal(len, model->len[i]);
        assert_int_equal((uintptr_t)found % 8, 0);
        if (len > 0)
            assert_memory_equal(found, model->bytes[i], len);
        assert_true(rp_lead_cell_next(lead, &at, &key, &payload, &len));
        assert_int_equal(key, model_key(i));
        assert_ptr_equal(payload, found);
        assert_int_equal(len, model->len[i]);
    }
    assert_false(rp_lead_cell_next(lead, &at, &key, &payload, &len));
}

static void model_resize(struct model *model, uint32_t i, uint32_t len)
{
    uint8_t *bytes = calloc(len + 1, 1);

    assert_non_null(bytes);
    if (model->present[i])
        memcpy(bytes, model->bytes[i], len < model->len[i] ? len : model->len[i]);
    free(model->bytes[i]);
    model->bytes[i] = bytes;
    model->len[i] = len;
    model->present[i] = true;
}

static void model_clear(struct model *model, uint32_t i)
{
    free(model->bytes[i]);
    model->bytes[i] = NULL;
    model->present[i] = false;
}

static void random_changes_agree_with_the_model(void **state)
{
    struct rp_lead lead, copy;
    struct model model = {0};
    uint64_t seed = 3;

    (void)state;
    rp_lead_init(&lead);
    rp_lead_init(&copy);
    for (int step = 0; step < 20000; step++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint32_t bits = (uint32_t)(seed >> 33), i = bits % KEYS, what = bits / KEYS % 16;
        if (what == 0 && bits / 2000 % 20 == 0) {
            rp_lead_cells_clear_fold(&lead);
            for (uint32_t k = 3; k < KEYS; k++)
                model_clear(&model, k);
        } else if (what < 4) {
            rp_lead_cell_remove(&lead, model_key(i));
            model_clear(&model, i);
        } else {
            uint32_t len = bits / 1600 % (what == 15 ? 2000 : 60);
            uint8_t *payload = rp_lead_cell_resize(&lead, model_key(i), len);
            model_resize(&model, i, len);
            if (len > 0) {
                payload[len - 1] = (uint8_t)bits;
                model.bytes[i][len - 1] = (uint8_t)bits;
            }
        }
        if (step % 16 == 0)
            assert_same(&lead, &model);
        if (step % 500 == 0) { /* copies and stored blocks are equal to it */
            rp_lead_copy(&copy, &lead);
            assert_same(&copy, &model);
            struct rp_lead loaded;
            rp_lead_init(&loaded);
            char *unaligned = malloc(lead.cells_len + 1);
            assert_non_null(unaligned);
            if (lead.cells_len > 0)
                memcpy(unaligned + 1, lead.cells, lead.cells_len);
            assert_int_equal(rp_lead_cells_set(&loaded, unaligned + 1, lead.cells_len), RIPEN_OK);
            assert_same(&loaded, &model);
            free(unaligned);
            rp_lead_fini(&loaded);
        }
    }
    for (uint32_t k = 0; k < KEYS; k++)
        free(model.bytes[k]);
    rp_lead_fini(&copy);
    rp_lead_fini(&lead);
}

/* The bytes do not tell in which order they came to be. */
static void equal_contents_are_equal_bytes(void **state)
{
    struct rp_lead a, b;

    (void)state;
    rp_lead_init(&a);
    rp_lead_init(&b);
    for (uint32_t key = 1; key < 9; key++)
        memset(rp_lead_cell_resize(&a, key, key), 1, key);
    for (uint32_t key = 12; key > 0; key--) {
        memset(rp_lead_cell_resize(&b, key, 30), 7, 30);
        memset(rp_lead_cell_resize(&b, key, key), 1, key);
    }
    for (uint32_t key = 9; key < 13; key++)
        rp_lead_cell_remove(&b, key);
    assert_int_equal(a.cells_len, b.cells_len);
    assert_memory_equal(a.cells, b.cells, a.cells_len);
    rp_lead_fini(&a);
    rp_lead_fini(&b);
}

static void copies_are_deep(void **state)
{
    struct rp_lead a, b;
    uint32_t len;

    (void)state;
    rp_lead_init(&a);
    rp_lead_init(&b);
    a.id = 7;
    a.stage = 3;
    memcpy(rp_lead_cell_resize(&a, 1, 4), "abc", 4);
    memcpy(rp_lead_cell_resize(&b, 9, 4), "old", 4);
    rp_lead_copy(&b, &a);
    memcpy(rp_lead_cell_resize(&a, 1, 4), "xyz", 4);
    assert_string_equal(rp_lead_cell(&b, 1, &len), "abc");
    assert_null(rp_lead_cell(&b, 9, &len));
    assert_int_equal(b.id, 7);
    assert_int_equal(b.stage, 3);
    rp_lead_fini(&a);
    rp_lead_copy(&b, &a);
    assert_int_equal(b.cells_len, 0);
    rp_lead_fini(&b);
}

struct raw {
    uint32_t key, len;
    uint8_t payload[8];
};

static int set_raw(const struct raw *raw, size_t len)
{
    struct rp_lead lead;

    rp_lead_init(&lead);
    memcpy(rp_lead_cell_resize(&lead, 77, 4), "abc", 4);
    int rc = rp_lead_cells_set(&lead, raw, len);
    if (rc != RIPEN_OK) { /* then nothing changed */
        uint32_t found;
        assert_string_equal(rp_lead_cell(&lead, 77, &found), "abc");
    }
    rp_lead_fini(&lead);
    return rc;
}

static void stored_blocks_are_checked(void **state)
{
    const uint32_t nodes = rp_cell_key(RP_CELL_NODES, 0, 0);
    struct raw good[2] = {{5, 3, "ab"}, {6, 8, "1234567"}};
    struct raw equal_keys[2] = {{5, 8, ""}, {5, 8, ""}};
    struct raw falling[2] = {{6, 8, ""}, {5, 8, ""}};
    struct raw no_key[1] = {{0, 8, ""}};
    struct raw long_cell[1] = {{5, 9, ""}};
    struct raw huge_cell[1] = {{5, UINT32_MAX, ""}};
    struct raw padding[1] = {{5, 3, "abcd"}};
    struct raw half_node[1] = {{0, 8, ""}};

    (void)state;
    half_node[0].key = nodes;
    assert_int_equal(set_raw(good, sizeof(good)), RIPEN_OK);
    assert_int_equal(set_raw(good, 0), RIPEN_OK);
    for (size_t cut = 1; cut < sizeof(good); cut++)
        assert_int_equal(set_raw(good, cut), cut == 16 ? RIPEN_OK : RIPEN_EINPUT);
    assert_int_equal(set_raw(equal_keys, sizeof(equal_keys)), RIPEN_EINPUT);
    assert_int_equal(set_raw(falling, sizeof(falling)), RIPEN_EINPUT);
    assert_int_equal(set_raw(no_key, sizeof(no_key)), RIPEN_EINPUT);
    assert_int_equal(set_raw(long_cell, sizeof(long_cell)), RIPEN_EINPUT);
    assert_int_equal(set_raw(huge_cell, sizeof(huge_cell)), RIPEN_EINPUT);
    assert_int_equal(set_raw(padding, sizeof(padding)), RIPEN_EINPUT);
    assert_int_equal(set_raw(half_node, sizeof(half_node)), RIPEN_EINPUT);
}

static void heads_are_a_set(void **state)
{
    struct rp_lead lead;
    size_t count;

    (void)state;
    rp_lead_init(&lead);
    for (int64_t node = 50; node > 0; node--)
        rp_lead_head_set(&lead, node * 7 % 53, node);
    const struct rp_head *heads = rp_lead_heads(&lead, &count);
    assert_int_equal(count, 50);
    for (size_t i = 1; i < count; i++)
        assert_true(heads[i - 1].node < heads[i].node);

    rp_lead_head_set(&lead, 7, 99);
    heads = rp_lead_heads(&lead, &count);
    assert_int_equal(count, 50);
    for (size_t i = 0; i < count; i++) {
        if (heads[i].node == 7)
            assert_int_equal(heads[i].event, 99);
        else
            assert_int_equal(heads[i].node, heads[i].event * 7 % 53);
    }
    rp_lead_head_remove(&lead, 1000);
    for (int64_t node = 50; node > 0; node--) {
        rp_lead_head_remove(&lead, node * 7 % 53);
        heads = rp_lead_heads(&lead, &count);
        assert_int_equal(count, node - 1);
        for (size_t i = 1; i < count; i++)
            assert_true(heads[i - 1].node < heads[i].node);
    }
    assert_int_equal(lead.cells_len, 0);
    rp_lead_fini(&lead);
}

static void a_rebuild_keeps_what_is_not_folded(void **state)
{
    struct rp_lead lead;
    uint32_t len;
    size_t count;

    (void)state;
    rp_lead_init(&lead);
    rp_lead_head_set(&lead, 1, 2);
    rp_lead_cell_resize(&lead, rp_cell_key(RP_CELL_FACTS, 0, 0), 5);
    rp_lead_cell_resize(&lead, rp_cell_key(RP_CELL_FACTS, 31, 0x3fffff), 5);
    rp_lead_cell_resize(&lead, rp_cell_key(RP_CELL_NEWEST, 0, 0), 5);
    rp_lead_cell_resize(&lead, rp_cell_key(RP_CELL_OTHER, 31, 0x3fffff), 5);
    rp_lead_cells_clear_fold(&lead);
    assert_non_null(rp_lead_heads(&lead, &count));
    assert_non_null(rp_lead_cell(&lead, rp_cell_key(RP_CELL_FACTS, 0, 0), &len));
    assert_non_null(rp_lead_cell(&lead, rp_cell_key(RP_CELL_FACTS, 31, 0x3fffff), &len));
    assert_null(rp_lead_cell(&lead, rp_cell_key(RP_CELL_NEWEST, 0, 0), &len));
    assert_null(rp_lead_cell(&lead, rp_cell_key(RP_CELL_OTHER, 31, 0x3fffff), &len));
    rp_lead_fini(&lead);
}

int test_lead(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_lead_is_empty),
        cmocka_unit_test(cells_have_any_length),
        cmocka_unit_test(new_bytes_are_zero),
        cmocka_unit_test(random_changes_agree_with_the_model),
        cmocka_unit_test(equal_contents_are_equal_bytes),
        cmocka_unit_test(copies_are_deep),
        cmocka_unit_test(stored_blocks_are_checked),
        cmocka_unit_test(heads_are_a_set),
        cmocka_unit_test(a_rebuild_keeps_what_is_not_folded),
    };

    return cmocka_run_group_tests_name("lead", tests, NULL, NULL);
}
