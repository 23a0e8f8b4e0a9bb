/* SPDX-License-Identifier: MIT */
/* The pull reader on any bytes. Reading token by token and skipping the whole agree; what was
 * accepted and is written again reads back to the same tokens. */
#include "base/check.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "fuzz.h"

static void write_token(struct rp_jw *jw, enum rp_json_token token, const struct rp_json *json)
{
    switch (token) {
    case RP_JSON_NULL:
        rp_jw_null(jw);
        break;
    case RP_JSON_FALSE:
    case RP_JSON_TRUE:
        rp_jw_bool(jw, token == RP_JSON_TRUE);
        break;
    case RP_JSON_NUMBER:
        rp_jw_number(jw, json->number);
        break;
    case RP_JSON_STRING:
        rp_jw_str(jw, json->string);
        break;
    case RP_JSON_KEY:
        rp_jw_key_str(jw, json->string);
        break;
    case RP_JSON_ARRAY:
        rp_jw_array(jw);
        break;
    case RP_JSON_ARRAY_END:
        rp_jw_array_end(jw);
        break;
    case RP_JSON_OBJECT:
        rp_jw_object(jw);
        break;
    case RP_JSON_OBJECT_END:
        rp_jw_object_end(jw);
        break;
    case RP_JSON_ERROR:
    case RP_JSON_END:
        RP_UNREACHABLE();
    }
}

/* Both texts hold the same tokens. */
static void check_same(struct rp_arena *arena, struct rp_str a, struct rp_str b)
{
    struct rp_json one, other;
    enum rp_json_token token;

    rp_json_init(&one, arena, a);
    rp_json_init(&other, arena, b);
    do {
        token = rp_json_next(&one);
        RP_ASSERT(rp_json_next(&other) == token);
        RP_ASSERT(token != RP_JSON_NUMBER || one.number == other.number);
        RP_ASSERT((token != RP_JSON_STRING && token != RP_JSON_KEY) ||
                  rp_str_eq(one.string, other.string));
    } while (token > RP_JSON_END);
    RP_ASSERT(token == RP_JSON_END);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct rp_str text = {(const char *)bytes, size}, raw = {NULL, 0};
    struct rp_arena arena;
    struct rp_buf written = {0};
    struct rp_jw jw = rp_jw(&written);
    struct rp_json json, skipped;
    enum rp_json_token token;

    rp_arena_init(&arena);
    rp_json_init(&json, &arena, text);
    while ((token = rp_json_next(&json)) > RP_JSON_END)
        write_token(&jw, token, &json);
    RP_ASSERT(token == RP_JSON_END || (json.error && json.error_at <= size));

    rp_json_init(&skipped, &arena, text);
    enum rp_json_token first = rp_json_skip(&skipped, &raw);
    enum rp_json_token last = first > RP_JSON_END ? rp_json_skip(&skipped, NULL) : first;
    RP_ASSERT(last == token);
    RP_ASSERT(skipped.error == json.error && skipped.error_at == json.error_at);
    if (token == RP_JSON_END) {
        check_same(&arena, raw, text);
        check_same(&arena, rp_buf_view(&written), text);
    }
    rp_buf_fini(&written);
    rp_arena_fini(&arena);
    return 0;
}
