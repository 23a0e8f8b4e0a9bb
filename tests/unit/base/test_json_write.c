/* SPDX-License-Identifier: MIT */
/* The writer of JSON. */
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/when.h"
#include "unit/base/groups.h"

#include <math.h>

static void commas_and_quotes_come_by_themselves(void **state)
{
    struct rp_buf buf = {0};
    struct rp_jw jw = rp_jw(&buf);

    (void)state;
    rp_jw_object(&jw);
    rp_jw_put_str(&jw, "a", RP_STR("x"));
    rp_jw_put_known(&jw, "b", RP_STR(""));
    rp_jw_put_known(&jw, "b2", RP_STR("y"));
    rp_jw_put_text(&jw, "b3", NULL);
    rp_jw_put_int(&jw, "c", -5);
    rp_jw_put_milli(&jw, "d", 50125);
    rp_jw_put_bool(&jw, "e", true);
    rp_jw_put_time(&jw, "f", 0);
    rp_jw_put_time(&jw, "g", RP_NEVER);
    rp_jw_key(&jw, "h");
    rp_jw_array(&jw);
    rp_jw_null(&jw);
    rp_jw_bool(&jw, false);
    rp_jw_number(&jw, 49.9);
    rp_jw_number(&jw, (double)NAN);
    rp_jw_number(&jw, HUGE_VAL);
    rp_jw_object(&jw);
    rp_jw_object_end(&jw);
    rp_jw_array(&jw);
    rp_jw_array_end(&jw);
    rp_jw_text(&jw, "t");
    rp_jw_array_end(&jw);
    rp_jw_key_str(&jw, RP_STR("i"));
    rp_jw_raw(&jw, RP_STR("{\"r\":[1]}"));
    rp_jw_put_int(&jw, "j", INT64_MIN);
    rp_jw_object_end(&jw);
    assert_str(rp_buf_view(&buf), "{\"a\":\"x\",\"b\":null,\"b2\":\"y\",\"b3\":null,"
                                  "\"c\":-5,\"d\":50.125,\"e\":true,"
                                  "\"f\":\"1970-01-01T00:00:00.000Z\",\"g\":null,"
                                  "\"h\":[null,false,49.9,null,null,{},[],\"t\"],\"i\":{\"r\":[1]},"
                                  "\"j\":-9223372036854775808}");
    rp_buf_fini(&buf);
}

static void text_is_escaped(void **state)
{
    static const struct {
        const char *text, *json;
    } cases[] = {
        {"", "\"\""},
        {"a\"b\\c/", "\"a\\\"b\\\\c/\""},
        {"\b\f\n\r\t\x01\x1f\x7f", "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\""},
        {"é 🌱", "\"é 🌱\""},
        {"a\xff"
         "b\xc3",
         "\"a\xef\xbf\xbd"
         "b\xef\xbf\xbd\""},
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    struct rp_buf buf = {0};

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        struct rp_jw jw = rp_jw(&buf);
        rp_buf_reset(&buf);
        rp_jw_str(&jw, rp_str_from(cases[i].text));
        assert_str(rp_buf_view(&buf), cases[i].json);
    }
    struct rp_jw jw = rp_jw(&buf);
    rp_buf_reset(&buf);
    rp_jw_str(&jw, (struct rp_str){"a\0b", 3});
    assert_str(rp_buf_view(&buf), "\"a\\u0000b\"");
    rp_buf_fini(&buf);
}

static void every_byte_is_read_back(void **state)
{
    char text[256];
    struct rp_arena arena;
    struct rp_buf buf = {0};
    struct rp_json json;

    (void)state;
    for (size_t i = 0; i < 128; i++)
        text[i] = (char)i;
    rp_arena_init(&arena);
    struct rp_jw jw = rp_jw(&buf);
    rp_jw_str(&jw, (struct rp_str){text, 128});
    rp_json_init(&json, &arena, rp_buf_view(&buf));
    assert_int_equal(rp_json_next(&json), RP_JSON_STRING);
    assert_int_equal(json.string.len, 128);
    assert_memory_equal(json.string.ptr, text, 128);
    rp_buf_fini(&buf);
    rp_arena_fini(&arena);
}

static struct rp_buf death_buf;

static void too_deep(void)
{
    struct rp_jw jw = rp_jw(&death_buf);

    for (int i = 0; i <= RP_JSON_DEPTH_MAX; i++)
        rp_jw_array(&jw);
}

static void deep_enough(void)
{
    struct rp_jw jw = rp_jw(&death_buf);

    for (int i = 0; i < RP_JSON_DEPTH_MAX; i++)
        rp_jw_array(&jw);
}

static void key_in_nothing(void)
{
    struct rp_jw jw = rp_jw(&death_buf);

    rp_jw_key(&jw, "a");
}

static void close_too_often(void)
{
    struct rp_jw jw = rp_jw(&death_buf);

    rp_jw_object_end(&jw);
}

static void wrong_calls_abort(void **state)
{
    (void)state;
    assert_true(aborts(too_deep));
    assert_false(aborts(deep_enough));
    assert_true(aborts(key_in_nothing));
    assert_true(aborts(close_too_often));
}

int test_json_write(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_and_quotes_come_by_themselves),
        cmocka_unit_test(text_is_escaped),
        cmocka_unit_test(every_byte_is_read_back),
        cmocka_unit_test(wrong_calls_abort),
    };

    return cmocka_run_group_tests_name("json_write", tests, NULL, NULL);
}
