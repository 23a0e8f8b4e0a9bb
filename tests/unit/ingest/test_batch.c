/* SPDX-License-Identifier: MIT */
/* A body becomes a batch, a batch an answer. */
#include "base/json_write.h"
#include "base/limits.h"
#include "core/core.h"
#include "unit/ingest/ingest_tests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct rp_envelope envelope_of(int64_t received_ms)
{
    return (struct rp_envelope){.received_ms = received_ms, .sent_ms = RP_NEVER};
}

static void judge(struct rp_batch *batch)
{
    for (size_t i = 0; i < batch->item_count; i++) {
        bool good = batch->items[i].reject == RP_REJECT_NONE;
        batch->items[i].verdict = good ? RP_VERDICT_ACCEPTED : RP_VERDICT_REJECTED;
        batch->accepted += good;
        batch->rejected += !good;
    }
}

static void good_and_bad_items(void **state)
{
    static const char body[] =
        "{\"batch\":[{\"type\":\"track\",\"event\":\"A\",\"userId\":\"u\"},"
        "{\"type\":\"dance\",\"userId\":\"u\"},7,{\"type\":\"track\",\"userId\":\"u\"},"
        "{\"type\":\"page\"}],\"sentAt\":\"2026-01-02T03:04:05Z\",\"writeKey\":\"wk\"}";
    static const char wanted[] =
        "{\"success\":true,\"accepted\":1,\"duplicates\":0,\"rejected\":[{\"index\":1,\"code\":"
        "\"unknown_type\"";
    struct rp_batch *batch = rp_batch_new();
    struct rp_envelope envelope = envelope_of(1000);
    struct rp_request request;
    struct rp_buf out = {0};
    struct rp_err err;

    (void)state;
    assert_int_equal(rp_batch_parse(batch, rp_str_from(body), &envelope, &request, &err), 0);
    assert_true(rp_str_is(request.write_key, "wk"));
    assert_int_equal(envelope.sent_ms, INT64_C(1767323045000));
    assert_int_equal(batch->item_count, 5);
    assert_int_equal(batch->items[0].event.sent_ms, INT64_C(1767323045000));
    judge(batch);
    rp_batch_answer(batch, &out);
    assert_memory_equal(out.ptr, wanted, sizeof(wanted) - 1);
    assert_non_null(strstr(out.ptr, "{\"index\":2,\"code\":\"not_object\",\"message\":\""));
    assert_non_null(strstr(out.ptr, "{\"index\":3,\"code\":\"no_event_name\",\"message\":\""));
    assert_non_null(strstr(out.ptr, "{\"index\":4,\"code\":\"no_identity\",\"message\":\""));
    rp_buf_fini(&out);
    rp_batch_free(batch);
}

static void not_json(void **state)
{
    static const char *const bodies[] = {"",       "[]", "7", "{", "{\"a\":1}x", "{\"a\":\"\xff\"}",
                                         "{'a':1}"};
    struct rp_batch *batch = rp_batch_new();
    struct rp_err err;

    (void)state;
    for (size_t i = 0; i < RP_COUNT(bodies); i++) {
        struct rp_envelope envelope = envelope_of(1000);
        assert_int_equal(rp_batch_parse(batch, rp_str_from(bodies[i]), &envelope, NULL, &err),
                         RIPEN_EINPUT);
        assert_true(strlen(err.text) > 10);
        rp_batch_reset(batch);
    }
    rp_batch_free(batch);
}

/* 2,500 items are judged; the next is rejected by number, and a flood does not make a flood of
 * answer. */
static void too_many_items(void **state)
{
    static const struct {
        size_t items, beyond, listed;
    } cases[] = {{RP_BATCH_ITEMS_MAX, 0, 0},
                 {RP_BATCH_ITEMS_MAX + 1, 1, 1},
                 {100000, 100000 - RP_BATCH_ITEMS_MAX, RP_BATCH_ITEMS_MAX}};
    struct rp_batch *batch = rp_batch_new();

    (void)state;
    for (size_t c = 0; c < RP_COUNT(cases); c++) {
        struct rp_envelope envelope = envelope_of(1000);
        struct rp_buf body = {0}, out = {0};
        struct rp_err err;
        size_t listed = 0;
        bool small = cases[c].items > 10000;
        rp_buf_text(&body, "{\"batch\":[");
        for (size_t i = 0; i < cases[c].items; i++)
            rp_buf_printf(&body, "%s%s", i ? "," : "",
                          small ? "{}" : "{\"type\":\"page\",\"userId\":\"u\"}");
        rp_buf_text(&body, "]}");
        assert_int_equal(rp_batch_parse(batch, rp_buf_view(&body), &envelope, NULL, &err), 0);
        assert_int_equal(batch->beyond, cases[c].beyond);
        judge(batch);
        rp_batch_answer(batch, &out);
        for (const char *at = out.ptr; (at = strstr(at, "too_many_items")); at++)
            listed++;
        assert_int_equal(listed, cases[c].listed);
        assert_int_equal(strstr(out.ptr, "rejected_more") != NULL, small);
        if (c == 1)
            assert_non_null(strstr(out.ptr, "\"accepted\":2500,\"duplicates\":0,\"rejected\":[{"
                                            "\"index\":2500,\"code\":\"too_many_items\""));
        rp_buf_fini(&body);
        rp_buf_fini(&out);
        rp_batch_reset(batch);
    }
    rp_batch_free(batch);
}

int test_batch(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_and_bad_items),
        cmocka_unit_test(not_json),
        cmocka_unit_test(too_many_items),
    };

    return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
