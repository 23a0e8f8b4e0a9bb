/* SPDX-License-Identifier: MIT */
/* Where the end of a body may be cut off, and the hashes of the ends. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/check.h"
#include "model/event.h"
#include "model/event_cuts.h"
#include "unit/model/groups.h"

#include <stdio.h>

#define LONG_TEXT "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""

/* Each cut is the comma that begins the expected end, the shortest first, and its hash is the
 * end's own. */
static void assert_cuts(const char *body, const char *const *ends, size_t expected)
{
    struct rp_str text = rp_str_from(body);
    struct rp_cut cuts[RP_CUTS_MAX];
    size_t count = rp_body_cuts(text, cuts);

    assert_int_equal(count, expected);
    for (size_t i = 0; i < count; i++) {
        struct rp_str end = {text.ptr + cuts[i].at, text.len - cuts[i].at};
        assert_str(end, ends[i]);
        assert_int_equal(cuts[i].hash, rp_cut_hash(rp_str_from(ends[i])));
    }
}

static void commas_of_the_outer_levels_count(void **state)
{
    static const char *const deep[] = {",\"d\":" LONG_TEXT "}"};
    static const char *const with_list[] = {
        ",\"d\":" LONG_TEXT "}",
        ",2],\"d\":" LONG_TEXT "}",
        ",\"c\":[1,2],\"d\":" LONG_TEXT "}",
        ",\"y\":\",\\\"{\"},\"c\":[1,2],\"d\":" LONG_TEXT "}",
    };

    (void)state;
    assert_cuts("{\"a\":{\"x\":1,\"y\":\",\\\"{\"},\"c\":[1,2],\"d\":" LONG_TEXT "}", with_list, 4);
    assert_cuts("{\"a\":{\"x\":{\"y\":1,\"z\":2}},\"d\":" LONG_TEXT "}", deep, 1);
}

static void ends_hold_24_bytes_and_no_at(void **state)
{
    static const char *const ends[] = {",\"b\":\"12345678901234567\"}"};
    static const char *const behind[] = {",\"d\":" LONG_TEXT "}"};

    (void)state;
    assert_int_equal(rp_str_from(ends[0]).len, 25);
    assert_cuts("{\"a\":1,\"b\":\"12345678901234567\"}", ends, 1);
    assert_cuts("{\"a\":1,\"b\":\"1234567890123456\"}",
                (const char *[]){",\"b\":\"1234567890123456\"}"}, 1);
    assert_cuts("{\"a\":1,\"b\":\"123456789012345\"}", NULL, 0);
    assert_cuts("{\"a\":1,\"e\":\"a@b.example\",\"d\":" LONG_TEXT "}", behind, 1);
}

/* Of an end its own bytes count, wherever it stands; of each length modulo a word. */
static void hashes_are_of_the_end_alone(void **state)
{
    (void)state;
    for (int pad = 0; pad < 40; pad++) {
        char body[200], end[100];
        struct rp_cut cuts[RP_CUTS_MAX];
        size_t count;

        (void)snprintf(end, sizeof(end), ",\"d\":\"%0*d\"}", 20 + pad, 7);
        (void)snprintf(body, sizeof(body), "{\"a\":\"%0*d\",\"b\":%d%s", 1 + pad * 3 % 7, 0, pad,
                       end);
        count = rp_body_cuts(rp_str_from(body), cuts);
        assert_int_equal(count, 2);
        assert_int_equal(cuts[0].hash, rp_cut_hash(rp_str_from(end)));
        assert_int_equal(cuts[1].hash, rp_cut_hash(rp_str_from(body + cuts[1].at)));
        assert_int_not_equal(cuts[0].hash, cuts[1].hash);
        end[10] = '1';
        assert_int_not_equal(cuts[0].hash, rp_cut_hash(rp_str_from(end)));
    }
}

/* The last of many commas count; a body past the bound has none. */
static void of_many_the_last_are_kept(void **state)
{
    struct rp_cut cuts[RP_CUTS_MAX];
    struct rp_buf body = {0};

    (void)state;
    rp_buf_text(&body, "{\"n\":[0");
    for (int i = 1; i < 100; i++)
        rp_buf_printf(&body, ",%d", i % 10);
    rp_buf_text(&body, "]}");
    assert_int_equal(rp_body_cuts(rp_buf_view(&body), cuts), RP_CUTS_MAX - 10);
    for (size_t i = 1; i < RP_CUTS_MAX - 10; i++)
        assert_int_equal(cuts[i].at + 2, cuts[i - 1].at);
    rp_buf_reset(&body);
    rp_buf_printf(&body, "{\"a\":\"%0*d\",\"d\":%s}", 8192 - 45, 0, LONG_TEXT);
    assert_int_equal(body.len, 8192);
    assert_int_equal(rp_body_cuts(rp_buf_view(&body), cuts), 1);
    rp_buf_text(&body, " ");
    assert_int_equal(rp_body_cuts(rp_buf_view(&body), cuts), 0);
    rp_buf_fini(&body);
}

static void an_event_has_those_of_its_body(void **state)
{
    static const char item[] = "{\"type\":\"page\",\"userId\":\"u\",\"a\":1,\"d\":" LONG_TEXT "}";
    struct rp_envelope envelope = {.received_ms = NINE, .sent_ms = RP_NEVER};
    struct rp_arena arena;
    struct rp_event event;
    struct rp_str message;

    (void)state;
    rp_arena_init(&arena);
    assert_int_equal(rp_event_parse(&arena, rp_str_from(item), &envelope, &event, &message), 0);
    assert_null(event.cuts);
    rp_event_cut(&arena, &event);
    assert_int_equal(event.cut_count, 1);
    assert_str(
        ((struct rp_str){event.body.ptr + event.cuts[0].at, event.body.len - event.cuts[0].at}),
        ",\"d\":" LONG_TEXT "}");
    rp_arena_fini(&arena);
}

int test_event_cuts(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_of_the_outer_levels_count),
        cmocka_unit_test(ends_hold_24_bytes_and_no_at),
        cmocka_unit_test(hashes_are_of_the_end_alone),
        cmocka_unit_test(of_many_the_last_are_kept),
        cmocka_unit_test(an_event_has_those_of_its_body),
    };

    return cmocka_run_group_tests_name("event_cuts", tests, NULL, NULL);
}
