/* SPDX-License-Identifier: MIT */
/* The pull reader. */
#include "base/json_read.h"
#include "unit/base/groups.h"

#include <float.h>
#include <stdlib.h>

/* The tokens of a text, a letter each; the values of strings and numbers behind them. */
static struct rp_str tokens(struct rp_arena *arena, struct rp_str text)
{
    struct rp_buf out = {0};
    struct rp_json json;
    enum rp_json_token token;

    rp_json_init(&json, arena, text);
    while ((token = rp_json_next(&json)) > RP_JSON_END) {
        rp_buf_char(&out, "?NFT#$K[]{}"[token]);
        if (token == RP_JSON_STRING || token == RP_JSON_KEY)
            rp_buf_printf(&out, "%.*s,", RP_STR_ARG(json.string));
        if (token == RP_JSON_NUMBER)
            rp_buf_printf(&out, "%g,", json.number);
    }
    if (token == RP_JSON_ERROR) {
        rp_buf_printf(&out, "!%zu %s", json.error_at, json.error);
        assert_int_equal(rp_json_next(&json), RP_JSON_ERROR); /* sticky */
    } else {
        assert_int_equal(rp_json_next(&json), RP_JSON_END);
    }
    struct rp_str copy = rp_arena_str(arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    return copy;
}

static void tokens_come_in_order(void **state)
{
    static const struct {
        const char *text, *tokens;
    } cases[] = {
        {"null", "N"},
        {" true ", "T"},
        {"\t\r\n false", "F"},
        {"-12.5e1", "#-125,"},
        {"\"\"", "$,"},
        {"[]", "[]"},
        {"{}", "{}"},
        {"[1,2]", "[#1,#2,]"},
        {"[ [ ] , { } ]", "[[]{}]"},
        {"{\"a\":1,\"b\":[true,null],\"c\":{\"d\":\"e\"}}", "{Ka,#1,Kb,[TN]Kc,{Kd,$e,}}"},
        {"{ \"a\" : \"b\" }", "{Ka,$b,}"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "$\"\\/\b\f\n\r\t,"},
        {"\"\\u00e9\\u20ac\\ud83c\\udf31\\u0041\"", "$é€🌱A,"},
        {"\"\\uABCD\\uabcd\"", "$\uabcd\uabcd,"},
        {"{\"\\u0061\":1}", "{Ka,#1,}"},
        {"\"é 日本 🌱 text that is longer than a word\"",
         "$é 日本 🌱 text that is longer than a word,"},
        {"\"\x7f\"", "$\x7f,"},
        {"\xef\xbb\xbf{}", "{}"},
        {"1e999", "#1.79769e+308,"},
        {"-1e999", "#-1.79769e+308,"},
        {"0", "#0,"},
        {"[0.1]", "[#0.1,]"},
    };
    struct rp_arena arena;

    (void)state;
    rp_arena_init(&arena);
    for (size_t i = 0; i < RP_COUNT(cases); i++)
        assert_str(tokens(&arena, rp_str_from(cases[i].text)), cases[i].tokens);
    rp_arena_fini(&arena);
}

static void errors_say_what_and_where(void **state)
{
    static const struct {
        const char *text, *tokens;
    } cases[] = {
        {"", "!0 the text ends where a value should stand"},
        {"  ", "!2 the text ends where a value should stand"},
        {"nul", "!0 unknown word: a value is true, false, null, a number, a string, an array or an "
                "object"},
        {"nulL", "!0 unknown word: a value is true, false, null, a number, a string, an array or "
                 "an object"},
        {"nan", "!0 unknown word: a value is true, false, null, a number, a string, an array or an "
                "object"},
        {"True", "!0 no value can start like this"},
        {"[1,]", "[#1,!3 a value is missing"},
        {"[,1]", "[!1 a value is missing"},
        {"[1 2]", "[#1,!3 a comma or ] is missing"},
        {"[1}", "[#1,!2 a comma or ] is missing"},
        {"[", "[!1 the text ends where a value should stand"},
        {"[1", "[#1,!2 a comma or ] is missing"},
        {"{", "{!1 a key in double quotes is missing"},
        {"{a:1}", "{!1 a key in double quotes is missing"},
        {"{\"a\"1}", "{!4 a colon is missing behind a key"},
        {"{\"a\":}", "{Ka,!5 a value is missing"},
        {"{\"a\":1,}", "{Ka,#1,!7 a key in double quotes is missing"},
        {"{\"a\":1]", "{Ka,#1,!6 a comma or } is missing"},
        {"1 2", "#1,!2 more text behind the end of the value"},
        {"[]]", "[]!2 more text behind the end of the value"},
        {"01", "#0,!1 more text behind the end of the value"},
        {"-", "!0 a number that is not complete"},
        {"1.", "!0 a number that is not complete"},
        {"1e", "!0 a number that is not complete"},
        {"+1", "!0 no value can start like this"},
        {"'a'", "!0 no value can start like this"},
        {"\"abc", "!4 the text ends inside a string"},
        {"\"abc\\", "!4 the text ends inside a string"},
        {"\"a\nb\"", "!2 raw control character in a string"},
        {"\"\x1f\"", "!1 raw control character in a string"},
        {"\"\\x41\"", "!1 unknown escape in a string"},
        {"\"\\u12g4\"", "!1 \\u needs four hexadecimal digits"},
        {"\"\\u12", "!1 \\u needs four hexadecimal digits"},
        {"\"\\ud800\"", "!1 half of a surrogate pair in a string"},
        {"\"\\udc00\"", "!1 half of a surrogate pair in a string"},
        {"\"\\ud800\\u0041\"", "!1 half of a surrogate pair in a string"},
        {"\"\\ud800\\ud800\"", "!1 half of a surrogate pair in a string"},
        {"\"\xc3\"", "!1 bytes that are not UTF-8 in a string"},
        {"\"\xed\xa0\x80\"", "!1 bytes that are not UTF-8 in a string"},
        {"\"ab\xc0\xaf\"", "!3 bytes that are not UTF-8 in a string"},
        {"\xef\xbb{}", "!0 no value can start like this"},
        {"[1,\v2]", "[#1,!3 no value can start like this"},
    };
    struct rp_arena arena;

    (void)state;
    rp_arena_init(&arena);
    for (size_t i = 0; i < RP_COUNT(cases); i++)
        assert_str(tokens(&arena, rp_str_from(cases[i].text)), cases[i].tokens);
    rp_arena_fini(&arena);
}

static void no_text_is_no_json(void **state)
{
    struct rp_arena arena;
    struct rp_json json;

    (void)state;
    rp_arena_init(&arena);
    rp_json_init(&json, &arena, (struct rp_str){NULL, 0});
    assert_int_equal(rp_json_next(&json), RP_JSON_ERROR);
    rp_json_init(&json, &arena, (struct rp_str){NULL, 0});
    assert_int_equal(rp_json_skip(&json, NULL), RP_JSON_ERROR);
    rp_arena_fini(&arena);
}

static void strings_borrow_when_they_can(void **state)
{
    struct rp_arena arena;
    struct rp_json json;
    struct rp_str text = RP_STR("[\"plain é\", \"esc\\n\"]");

    (void)state;
    rp_arena_init(&arena);
    rp_json_init(&json, &arena, text);
    assert_int_equal(rp_json_next(&json), RP_JSON_ARRAY);
    assert_int_equal(rp_json_next(&json), RP_JSON_STRING);
    assert_ptr_equal(json.string.ptr, text.ptr + 2);
    assert_str(json.raw, "\"plain é\"");
    assert_int_equal(arena.used, 0);
    assert_int_equal(rp_json_next(&json), RP_JSON_STRING);
    assert_str(json.string, "esc\n");
    assert_str(json.raw, "\"esc\\n\"");
    assert_true(arena.used > 0);
    rp_arena_fini(&arena);
}

static void u0000_is_noticed(void **state)
{
    struct rp_arena arena;
    struct rp_json json;

    (void)state;
    rp_arena_init(&arena);
    rp_json_init(&json, &arena, RP_STR("[\"a\\u0001\",\"a\\u0000b\"]"));
    rp_json_next(&json);
    rp_json_next(&json);
    assert_false(json.nul);
    assert_int_equal(rp_json_next(&json), RP_JSON_STRING);
    assert_true(json.nul);
    assert_int_equal(json.string.len, 3);
    assert_memory_equal(json.string.ptr, "a\0b", 3);
    rp_arena_fini(&arena);
}

/* Every special byte at every place against the word that is scanned at once. */
static void strings_end_where_they_end(void **state)
{
    struct rp_arena arena;

    (void)state;
    rp_arena_init(&arena);
    for (size_t len = 0; len < 40; len++) {
        for (size_t at = 0; at <= len; at++) {
            char *text = malloc(len + 3); /* exact, so that a sanitizer sees a read past it */
            struct rp_json json;
            memset(text, 'x', len + 3);
            text[0] = text[len + 2] = '"';
            text[1 + at] = "\x1f\"\x80~"[(len + at) % 4];
            rp_json_init(&json, &arena, (struct rp_str){text, len + 3});
            enum rp_json_token token = rp_json_next(&json);
            if (text[1 + at] == '~') {
                assert_int_equal(token, RP_JSON_STRING);
                assert_int_equal(json.string.len, len + 1);
            } else if (text[1 + at] == '"') {
                assert_int_equal(token, RP_JSON_STRING);
                assert_int_equal(json.string.len, at);
            } else {
                assert_int_equal(token, RP_JSON_ERROR);
                assert_int_equal(json.error_at, 1 + at);
            }
            free(text);
        }
    }
    rp_arena_fini(&arena);
}

/* No prefix of a text is valid, and none is read past its end. */
static void cut_texts_are_refused(void **state)
{
    static const char text[] =
        "{\"k\\u00e9\":[1.5e3,\"v\\ud83c\\udf31é\",true,null,{\"x\":false}]}";
    struct rp_arena arena;

    (void)state;
    rp_arena_init(&arena);
    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        char *exact = malloc(len ? len : 1);
        struct rp_json json;
        enum rp_json_token token;
        memcpy(exact, text, len);
        rp_json_init(&json, &arena, (struct rp_str){exact, len});
        do
            token = rp_json_next(&json);
        while (token > RP_JSON_END);
        assert_int_equal(token, RP_JSON_ERROR);
        free(exact);
    }
    rp_arena_fini(&arena);
}

static enum rp_json_token last_of_nested(struct rp_arena *arena, size_t levels, bool object)
{
    struct rp_buf text = {0};
    struct rp_json json;
    enum rp_json_token token;

    for (size_t i = 0; i < levels; i++)
        rp_buf_text(&text, object ? "{\"a\":" : "[");
    if (object)
        rp_buf_char(&text, '1');
    for (size_t i = 0; i < levels; i++)
        rp_buf_char(&text, object ? '}' : ']');
    rp_json_init(&json, arena, rp_buf_view(&text));
    do
        token = rp_json_next(&json);
    while (token > RP_JSON_END);
    if (token == RP_JSON_ERROR)
        assert_string_equal(json.error, "nested deeper than 64 levels");
    rp_buf_fini(&text);
    return token;
}

static void depth_is_bounded(void **state)
{
    struct rp_arena arena;

    (void)state;
    rp_arena_init(&arena);
    for (int object = 0; object < 2; object++) {
        assert_int_equal(last_of_nested(&arena, RP_JSON_DEPTH_MAX, object), RP_JSON_END);
        assert_int_equal(last_of_nested(&arena, RP_JSON_DEPTH_MAX + 1, object), RP_JSON_ERROR);
    }
    rp_arena_fini(&arena);
}

static void skipping_gives_slices(void **state)
{
    static const char *const values[] = {
        "null",
        "true",
        "false",
        "12.50",
        "\"a\\n\"",
        "[]",
        "{}",
        "[1,[2],{\"a\":[]}]",
        "{\"a\" : {\"b\": [1, 2]}}",
        "-1e5",
        "\"\"",
    };
    struct rp_arena arena;
    struct rp_buf text = {0};
    struct rp_json json;
    struct rp_str raw;

    (void)state;
    rp_arena_init(&arena);
    rp_buf_char(&text, '[');
    for (size_t i = 0; i < RP_COUNT(values); i++)
        rp_buf_printf(&text, "%s  %s \n", i ? "," : "", values[i]);
    rp_buf_char(&text, ']');
    rp_json_init(&json, &arena, rp_buf_view(&text));
    assert_int_equal(rp_json_next(&json), RP_JSON_ARRAY);
    for (size_t i = 0; i < RP_COUNT(values); i++) {
        assert_true(rp_json_skip(&json, &raw) > RP_JSON_END);
        assert_str(raw, values[i]);
    }
    assert_int_equal(rp_json_skip(&json, &raw), RP_JSON_ARRAY_END);
    assert_int_equal(rp_json_skip(&json, &raw), RP_JSON_END);
    rp_buf_fini(&text);

    /* A whole text, and one that is wrong far inside. */
    rp_json_init(&json, &arena, RP_STR(" {\"a\":[1,{}]} "));
    assert_int_equal(rp_json_skip(&json, &raw), RP_JSON_OBJECT);
    assert_str(raw, "{\"a\":[1,{}]}");
    assert_int_equal(rp_json_skip(&json, NULL), RP_JSON_END);
    rp_json_init(&json, &arena, RP_STR("{\"a\":[1,{]}"));
    assert_int_equal(rp_json_skip(&json, &raw), RP_JSON_ERROR);
    assert_int_equal(json.error_at, 9);
    assert_int_equal(arena.used, 0);
    rp_arena_fini(&arena);
}

int test_json_read(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_come_in_order),  cmocka_unit_test(errors_say_what_and_where),
        cmocka_unit_test(no_text_is_no_json),    cmocka_unit_test(strings_borrow_when_they_can),
        cmocka_unit_test(u0000_is_noticed),      cmocka_unit_test(strings_end_where_they_end),
        cmocka_unit_test(cut_texts_are_refused), cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(skipping_gives_slices),
    };

    return cmocka_run_group_tests_name("json_read", tests, NULL, NULL);
}
