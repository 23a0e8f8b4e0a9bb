/* SPDX-License-Identifier: MIT */
/* Paths into JSON texts, one level a step: what does not lie on the path is skipped, not decoded.
 */
#include "ingest/pick.h"

static struct rp_str first_step(struct rp_str path, struct rp_str *ret_rest)
{
    const char *dot = path.len ? memchr(path.ptr, '.', path.len) : NULL;
    size_t len = dot ? (size_t)(dot - path.ptr) : path.len;

    *ret_rest = dot ? (struct rp_str){dot + 1, path.len - len - 1} : RP_STR("");
    return (struct rp_str){path.ptr, len};
}

static bool index_of(struct rp_str step, size_t *ret_index)
{
    size_t index = 0;

    if (step.len == 0 || step.len > 6)
        return false;
    for (size_t i = 0; i < step.len; i++) {
        if (step.ptr[i] < '0' || step.ptr[i] > '9')
            return false;
        index = index * 10 + (size_t)(step.ptr[i] - '0');
    }
    *ret_index = index;
    return true;
}

/* One level down. */
static bool descend(struct rp_arena *arena, struct rp_str json, struct rp_str step,
                    struct rp_str *ret_raw)
{
    struct rp_json reader;
    struct rp_str raw;
    size_t wanted = 0, index = 0;
    bool found = false;
    enum rp_json_token token;

    rp_json_init(&reader, arena, json);
    token = rp_json_next(&reader);
    if (token == RP_JSON_OBJECT) {
        while (rp_json_next(&reader) == RP_JSON_KEY) {
            bool hit = rp_str_eq(reader.string, step);
            if (rp_json_skip(&reader, &raw) == RP_JSON_ERROR)
                return false;
            if (hit) {
                *ret_raw = raw;
                found = true;
            }
        }
    } else if (token == RP_JSON_ARRAY && index_of(step, &wanted)) {
        while ((token = rp_json_skip(&reader, &raw)) != RP_JSON_ERROR && token != RP_JSON_ARRAY_END)
            if (index++ == wanted) {
                *ret_raw = raw;
                return true;
            }
    }
    return found;
}

bool rp_pick(struct rp_arena *arena, struct rp_str json, struct rp_str path, struct rp_str *ret_raw)
{
    struct rp_json reader;
    enum rp_json_token token;

    while (path.len > 0) {
        struct rp_str step = first_step(path, &path);
        if (!descend(arena, json, step, &json))
            return false;
    }
    rp_json_init(&reader, arena, json);
    token = rp_json_skip(&reader, ret_raw);
    return token != RP_JSON_ERROR && token != RP_JSON_NULL && token != RP_JSON_END;
}

bool rp_pick_text(struct rp_arena *arena, struct rp_str json, struct rp_str path,
                  struct rp_str *ret_text)
{
    struct rp_json reader;
    struct rp_str raw;
    enum rp_json_token token;

    if (!rp_pick(arena, json, path, &raw))
        return false;
    rp_json_init(&reader, arena, raw);
    token = rp_json_next(&reader);
    if (token == RP_JSON_STRING)
        *ret_text = reader.string;
    else if (token == RP_JSON_NUMBER || token == RP_JSON_TRUE || token == RP_JSON_FALSE)
        *ret_text = raw;
    else
        return false;
    return ret_text->len > 0;
}

enum rp_json_token rp_pick_kind(struct rp_arena *arena, struct rp_str json, const char **ret_error,
                                size_t *ret_at)
{
    struct rp_json reader;
    enum rp_json_token token;

    rp_json_init(&reader, arena, json);
    token = rp_json_skip(&reader, NULL);
    if (token == RP_JSON_ERROR || rp_json_next(&reader) != RP_JSON_END) {
        *ret_error = reader.error ? reader.error : "there is no value";
        *ret_at = reader.error_at;
        return RP_JSON_ERROR;
    }
    return token;
}
