/* SPDX-License-Identifier: MIT */
/* Bodies of requests become items. */
#include "base/buf.h"
#include "base/check.h"
#include "model/event.h"
#include "unit/model/groups.h"

struct fixture {
    struct rp_arena arena;
    struct rp_request request;
    struct rp_err err;
};

static int setup(void **state)
{
    static struct fixture f;

    rp_arena_init(&f.arena);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    rp_arena_fini(&f->arena);
    return 0;
}

static int parse(struct fixture *f, const char *body)
{
    return rp_request_parse(&f->arena, rp_str_from(body), &f->request, &f->err);
}

static void one_event_is_one_item(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(parse(f, " {\"type\":\"page\",\"writeKey\":\"wk\",\"context\":{\"a\":1},"
                              "\"sentAt\":\"2026-03-02T09:00:00Z\"} \n"),
                     RIPEN_OK);
    assert_false(f->request.batch);
    assert_int_equal(f->request.item_count, 1);
    assert_str(f->request.items[0], "{\"type\":\"page\",\"writeKey\":\"wk\",\"context\":{\"a\":1},"
                                    "\"sentAt\":\"2026-03-02T09:00:00Z\"}");
    assert_str(f->request.write_key, "wk");
    assert_str(f->request.context, ""); /* it is the item's own */
    assert_int_equal(f->request.sent_ms, NINE);
    assert_int_equal(parse(f, "\xef\xbb\xbf{}"), RIPEN_OK);
    assert_str(f->request.items[0], "{}");
}

static void a_batch_is_cut(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(parse(f,
                           "{\"batch\":[ {\"a\":1} , 7,\"x\",[{}] ],\"sentAt\":1772442000,"
                           "\"context\":{\"ip\":\"1\"},\"writeKey\":\"w\\u006b\",\"more\":[{}]}"),
                     RIPEN_OK);
    assert_true(f->request.batch);
    assert_int_equal(f->request.item_count, 4);
    assert_str(f->request.items[0], "{\"a\":1}");
    assert_str(f->request.items[1], "7");
    assert_str(f->request.items[2], "\"x\"");
    assert_str(f->request.items[3], "[{}]");
    assert_str(f->request.context, "{\"ip\":\"1\"}");
    assert_str(f->request.write_key, "wk");
    assert_int_equal(f->request.sent_ms, NINE);

    assert_int_equal(parse(f, "{\"batch\":[]}"), RIPEN_OK);
    assert_true(f->request.batch);
    assert_int_equal(f->request.item_count, 0);
    assert_int_equal(f->request.sent_ms, RP_NEVER);
    assert_str(f->request.write_key, "");
}

static void odd_envelopes_are_read_kindly(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(
        parse(f, "{\"batch\":[1],\"sentAt\":\"soon\",\"context\":[1],\"writeKey\":{}}"), RIPEN_OK);
    assert_int_equal(f->request.sent_ms, RP_NEVER);
    assert_str(f->request.context, "");
    assert_str(f->request.write_key, "");
    assert_int_equal(f->request.item_count, 1);

    /* The last of equal keys counts. */
    assert_int_equal(parse(f, "{\"batch\":[1,2],\"batch\":[3]}"), RIPEN_OK);
    assert_int_equal(f->request.item_count, 1);
    assert_str(f->request.items[0], "3");
    assert_int_equal(parse(f, "{\"batch\":[1,2],\"batch\":null}"), RIPEN_OK);
    assert_false(f->request.batch);
    assert_int_equal(f->request.item_count, 1);
    assert_str(f->request.items[0], "{\"batch\":[1,2],\"batch\":null}");
}

static void what_is_not_json_is_refused(void **state)
{
    static const struct {
        const char *body, *text;
    } cases[] = {
        {"", "the body is not JSON: the text ends where a value should stand at byte 0"},
        {"type=track", "the body is not JSON: unknown word: a value is true, false, null, a "
                       "number, a string, an array or an object at byte 0"},
        {"{\"a\":1", "the body is not JSON: a comma or } is missing at byte 6"},
        {"{\"batch\":[{\"a\":}]}", "the body is not JSON: a value is missing at byte 15"},
        {"{\"batch\":[1,]}", "the body is not JSON: a value is missing at byte 12"},
        {"{\"batch\":[1]", "the body is not JSON: a comma or } is missing at byte 12"},
        {"{\"writeKey\":tru}", "the body is not JSON: unknown word: a value is true, false, null, "
                               "a number, a string, an array or an object at byte 12"},
        {"{} {}", "the body is not JSON: more text behind the end of the value at byte 3"},
        {"[{}]", "the body must be a JSON object: one event, or {\"batch\":[…]}"},
        {"\"x\"", "the body must be a JSON object: one event, or {\"batch\":[…]}"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        f->request.item_count = 99;
        assert_int_equal(parse(f, cases[i].body), RIPEN_EINPUT);
        assert_string_equal(f->err.text, cases[i].text);
        assert_int_equal(f->request.item_count, 99); /* written only on success */
    }
}

static void many_items_are_all_given(void **state)
{
    struct fixture *f = *state;
    struct rp_buf body = {0};

    rp_buf_text(&body, "{\"batch\":[0");
    for (int i = 1; i < 5000; i++)
        rp_buf_printf(&body, ",%d", i);
    rp_buf_text(&body, "]}");
    assert_int_equal(parse(f, body.ptr), RIPEN_OK);
    assert_int_equal(f->request.item_count, 5000);
    assert_str(f->request.items[4999], "4999");
    rp_buf_fini(&body);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int test_event_request(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(one_event_is_one_item),         WITH_FIXTURE(a_batch_is_cut),
        WITH_FIXTURE(odd_envelopes_are_read_kindly), WITH_FIXTURE(what_is_not_json_is_refused),
        WITH_FIXTURE(many_items_are_all_given),
    };

    return cmocka_run_group_tests_name("event_request", tests, NULL, NULL);
}
