/* SPDX-License-Identifier: MIT */
/* The stored body: what is left out, merged in and moved, and that reading it back gives the values
 * that the live parse gave. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"
#include "model/event.h"
#include "unit/model/groups.h"

#include <stdio.h>

/* Fails unless the stored body reads back to the same values. */
static void assert_reads_back(struct rp_arena *arena, const struct rp_event *event)
{
    struct rp_event again = {.body = event->body};

    assert_int_equal(rp_event_body_parse(arena, &again), RIPEN_OK);
    assert_int_equal(again.prop_count, event->prop_count);
    for (uint32_t i = 0; i < again.prop_count; i++) {
        const struct rp_prop *a = &event->props[i], *b = &again.props[i];
        assert_int_equal(a->path, b->path);
        assert_true(rp_str_eq(a->key, b->key));
        assert_true(rp_str_eq(a->text, b->text));
        assert_memory_equal(&a->number, &b->number, sizeof(a->number));
        assert_int_equal(a->next, b->next);
        assert_int_equal(a->type, b->type);
        assert_int_equal(a->dropped, b->dropped);
        assert_int_equal(a->element, b->element);
    }
}

static enum rp_reject parse(struct rp_arena *arena, const char *item, const char *context,
                            struct rp_event *ret_event)
{
    struct rp_envelope envelope = {
        .received_ms = NINE, .sent_ms = RP_NEVER, .context = rp_str_from(context)};
    struct rp_str message;

    return rp_event_parse(arena, rp_str_from(item), &envelope, ret_event, &message);
}

/* Members of a page by u; the context of a batch or NULL; the body. */
static void bodies_hold_what_no_column_holds(void **state)
{
    static const struct {
        const char *item, *context, *body;
    } cases[] = {
        {"{\"type\":\"page\",\"userId\":\"u\"}", NULL, "{}"},
        {"{ \"a\" : 1 , \"type\":\"page\", \"b\" : [ 1, 2 ] , \"userId\":\"u\" }", NULL,
         "{\"a\":1,\"b\":[ 1, 2 ]}"},
        {"{\"type\":\"page\",\"userId\":\"u\",\"a\\u0062\":\"\\u00e9\\n\",\"n\":1.50e1}", NULL,
         "{\"a\\u0062\":\"\\u00e9\\n\",\"n\":1.50e1}"},
        {"{\"type\":\"page\",\"userId\":\"u\",\"a\":1,\"b\":2,\"a\":3}", NULL, "{\"b\":2,\"a\":3}"},
        /* The context of the batch. */
        {"{\"type\":\"page\",\"userId\":\"u\",\"a\":1}", "{\"ip\":\"1.2.3.4\"}",
         "{\"a\":1,\"context\":{\"ip\":\"1.2.3.4\"}}"},
        {"{\"type\":\"page\",\"userId\":\"u\",\"context\":{\"ip\":\"5\",\"l\":{}}}",
         "{\"ip\":\"1\",\"page\":{\"path\":\"/\"}}",
         "{\"context\":{\"ip\":\"5\",\"page\":{\"path\":\"/\"},\"l\":{}}}"},
        {"{\"type\":\"page\",\"userId\":\"u\",\"context\":null,\"z\":0}", "{\"ip\":\"1\"}",
         "{\"context\":{\"ip\":\"1\"},\"z\":0}"},
        {"{\"type\":\"page\",\"userId\":\"u\",\"context\":{}}", "{}", "{\"context\":{}}"},
        /* Traits of an identify that stand in its context. */
        {"{\"type\":\"identify\",\"userId\":\"u\",\"context\":{\"traits\":{\"a\":1},\"ip\":\"1\"}}",
         NULL, "{\"traits\":{\"a\":1},\"context\":{\"ip\":\"1\"}}"},
        {"{\"context\":{\"traits\":{\"a\":1}},\"traits\":{},\"userId\":\"u\",\"type\":"
         "\"identify\"}",
         NULL, "{\"traits\":{\"a\":1},\"context\":{}}"},
        {"{\"context\":{\"traits\":{\"a\":1}},\"traits\":null,\"userId\":\"u\",\"type\":"
         "\"identify\"}",
         "{\"ip\":\"1\"}", "{\"traits\":{\"a\":1},\"context\":{\"ip\":\"1\"}}"},
        {"{\"type\":\"identify\",\"userId\":\"u\",\"traits\":{\"b\":2},\"context\":{\"traits\":{"
         "\"a\":1}}}",
         NULL, "{\"traits\":{\"b\":2},\"context\":{\"traits\":{\"a\":1}}}"},
        {"{\"type\":\"identify\",\"userId\":\"u\",\"context\":{\"traits\":{}}}", NULL,
         "{\"context\":{\"traits\":{}}}"},
        {"{\"type\":\"identify\",\"userId\":\"u\",\"context\":{\"traits\":7}}", NULL,
         "{\"context\":{\"traits\":7}}"},
        {"{\"type\":\"page\",\"userId\":\"u\",\"context\":{\"traits\":{\"a\":1}}}", NULL,
         "{\"context\":{\"traits\":{\"a\":1}}}"},
        {"{\"type\":\"identify\",\"userId\":\"u\",\"context\":{\"traits\":{\"a\":1},\"traits\":{"
         "\"b\":1}}}",
         NULL, "{\"traits\":{\"b\":1},\"context\":{}}"},
        {"{\"type\":\"identify\",\"userId\":\"u\",\"context\":1,\"context\":{\"traits\":{\"a\":1}}"
         "}",
         NULL, "{\"traits\":{\"a\":1},\"context\":{}}"},
        /* A name where it is no column, an event where it means nothing. */
        {"{\"type\":\"identify\",\"userId\":\"u\",\"name\":\"N\",\"event\":\"E\",\"z\":1}", NULL,
         "{\"name\":\"N\",\"z\":1}"},
        {"{\"type\":\"group\",\"userId\":\"u\",\"groupId\":\"g\",\"name\":null}", NULL, "{}"},
    };
    struct rp_arena arena;
    struct rp_event event;

    (void)state;
    rp_arena_init(&arena);
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        assert_int_equal(parse(&arena, cases[i].item, cases[i].context, &event), RP_REJECT_NONE);
        assert_str(event.body, cases[i].body);
        assert_int_equal(event.body.ptr[event.body.len], '\0');
        assert_reads_back(&arena, &event);
    }
    rp_arena_fini(&arena);
}

static void moved_traits_are_seen_as_traits(void **state)
{
    struct rp_arena arena;
    struct rp_event event;

    (void)state;
    rp_arena_init(&arena);
    assert_int_equal(parse(&arena,
                           "{\"type\":\"identify\",\"anonymousId\":\"a\",\"context\":{\"traits\":"
                           "{\"email\":\"ada@example.com\",\"title\":\"CTO\"}}}",
                           NULL, &event),
                     RP_REJECT_NONE);
    assert_str(rp_event_get(&event, rp_path_of(RP_STR("traits.title")))->text, "CTO");
    assert_null(rp_event_get(&event, rp_path_of(RP_STR("context.traits.title"))));
    assert_str(event.email, "ada@example.com");
    rp_arena_fini(&arena);
}

/* A context of the batch, copied into each item, does not get around the bounds. */
static void merged_bodies_are_bounded(void **state)
{
    static const char item[] = "{\"type\":\"page\",\"userId\":\"u\"}";
    struct rp_arena arena;
    struct rp_event event;
    struct rp_buf context = {0}, large = {0};

    (void)state;
    rp_arena_init(&arena);
    for (size_t extra = 0; extra < 2; extra++) {
        rp_buf_reset(&context);
        rp_buf_text(&context, "{\"a\":\"");
        while (context.len < RP_BATCH_CONTEXT_MAX + extra - 2)
            rp_buf_char(&context, 'x');
        rp_buf_text(&context, "\"}");
        assert_int_equal(context.len, RP_BATCH_CONTEXT_MAX + extra);
        assert_int_equal(parse(&arena, item, context.ptr, &event),
                         extra ? RP_REJECT_TOO_LARGE : RP_REJECT_NONE);
    }
    /* The merged body: RP_ITEM_MAX bytes, and one more. */
    rp_buf_reset(&context);
    rp_buf_printf(&context, "{\"a\":\"%0200d\"}", 7);
    for (size_t extra = 0; extra < 2; extra++) {
        struct rp_buf values = {0};
        rp_buf_printf(&values, "\"n\":[\"%08000d\",\"%08000d\",\"%08000d\",\"%08000d\",\"", 1, 2, 3,
                      4);
        size_t around = sizeof("{\"],"
                               "\"context\":"
                               "}") -
                        1 + context.len;
        while (values.len + around < RP_ITEM_MAX + extra)
            rp_buf_char(&values, 'x');
        rp_buf_text(&values, "\"]");
        rp_buf_reset(&large);
        rp_buf_printf(&large, "{%s,\"type\":\"page\",\"userId\":\"u\"}", values.ptr);
        assert_in_range(large.len, 0, RP_ITEM_MAX);
        assert_int_equal(parse(&arena, large.ptr, context.ptr, &event),
                         extra ? RP_REJECT_TOO_LARGE : RP_REJECT_NONE);
        if (!extra)
            assert_int_equal(event.body.len, RP_ITEM_MAX);
        rp_buf_fini(&values);
    }
    rp_buf_reset(&large);
    rp_buf_text(&large, "{\"type\":\"page\",\"userId\":\"u\",\"list\":[0");
    for (int i = 0; i < RP_PROPERTIES_MAX - 4; i++)
        rp_buf_text(&large, ",0");
    rp_buf_text(&large, "]}");
    /* With the list, the context and its members 1,000 values, and one more. */
    assert_int_equal(parse(&arena, large.ptr, "{\"a\":1}", &event), RP_REJECT_NONE);
    assert_int_equal(event.prop_count, RP_PROPERTIES_MAX + 1);
    assert_int_equal(parse(&arena, large.ptr, "{\"a\":1,\"b\":2}", &event), RP_REJECT_PROPERTIES);
    assert_int_equal(parse(&arena, item, "{\"a\":\"\\u0000\"}", &event), RP_REJECT_CHARACTER);
    rp_buf_fini(&large);
    rp_buf_fini(&context);
    rp_arena_fini(&arena);
}

/* Many members on both sides, most of them of the same names. */
static void large_contexts_merge(void **state)
{
    struct rp_arena arena;
    struct rp_event event;
    struct rp_buf context = {0}, item = {0};

    (void)state;
    rp_arena_init(&arena);
    rp_buf_text(&item, "{\"type\":\"page\",\"userId\":\"u\",\"context\":{\"k0\":0");
    rp_buf_text(&context, "{\"k0\":1");
    for (int i = 1; i < 450; i++) {
        rp_buf_printf(&item, ",\"k%d\":0", i);
        rp_buf_printf(&context, ",\"k%d\":1", i + 200);
    }
    rp_buf_text(&item, "}}");
    rp_buf_text(&context, "}");
    assert_int_equal(parse(&arena, item.ptr, context.ptr, &event), RP_REJECT_NONE);
    assert_int_equal(event.prop_count, 2 + 650);
    for (int i = 0; i < 650; i++) {
        char path[24];
        snprintf(path, sizeof(path), "context.k%d", i);
        const struct rp_prop *prop = rp_event_get(&event, rp_path_of(rp_str_from(path)));
        assert_non_null(prop);
        assert_true(prop->number == (i >= 450));
    }
    rp_buf_fini(&item);
    rp_buf_fini(&context);
    rp_arena_fini(&arena);
}

/* Items made at random: the live parse and the stored body always agree. */
static void live_and_stored_agree(void **state)
{
    static const char *const pieces[] = {
        "\"properties\":{\"a\":1,\"b\":[1,{\"c\":null}],\"a\":\"x\"}",
        "\"traits\":{\"email\":\"a@b\",\"company\":{\"employees\":\"1 200\"}}",
        "\"traits\":{}",
        "\"context\":{\"page\":{\"path\":\"/p\"},\"traits\":{\"t\":true}}",
        "\"context\":{\"\\u0070age\":1,\"page\":2}",
        "\"context\":null",
        "\"name\":\"N\"",
        "\"event\":\"E\"",
        "\"x\":[[],{},[[1.5,-2e3]],\"\\ud83c\\udf31\"]",
        "\"x\":false",
        "\"integrations\":{\"All\":[1]}",
        "\"\":{\"\":{}}",
        "\"messageId\":\"m\"",
    };
    struct rp_arena arena;
    uint64_t seed = 11;

    (void)state;
    rp_arena_init(&arena);
    for (int i = 0; i < 20000; i++) {
        struct rp_buf item = {0};
        struct rp_event event;
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint64_t bits = seed >> 8;
        rp_buf_printf(&item, "{\"userId\":\"u\",\"event\":\"F\",\"type\":\"%s\"",
                      rp_event_type_name((enum rp_event_type)(bits % RP_EVENT_TYPES)));
        for (uint64_t n = bits / 8 % 7; n > 0; n--) {
            bits = bits / 13 + n;
            rp_buf_printf(&item, ", %s", pieces[bits % RP_COUNT(pieces)]);
        }
        rp_buf_char(&item, '}');
        const char *context = seed & 1 ? "{\"ip\":\"1\",\"page\":{\"z\":[]}}" : NULL;
        if (parse(&arena, item.ptr, context, &event) != RP_REJECT_NONE)
            fail_msg("%s", item.ptr);
        assert_reads_back(&arena, &event);
        rp_buf_fini(&item);
        rp_arena_reset(&arena);
    }
    rp_arena_fini(&arena);
}

int test_event_body(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_hold_what_no_column_holds),
        cmocka_unit_test(moved_traits_are_seen_as_traits),
        cmocka_unit_test(merged_bodies_are_bounded),
        cmocka_unit_test(large_contexts_merge),
        cmocka_unit_test(live_and_stored_agree),
    };

    return cmocka_run_group_tests_name("event_body", tests, NULL, NULL);
}
