/* SPDX-License-Identifier: MIT */
/* See reference.h. Each look-up reads the case anew: they are small, and so this stays small. */
#include "unit/model/reference.h"

#include "base/json_read.h"
#include "base/num.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool next_item(struct rp_json *array, struct rp_str *ret_raw)
{
    const enum rp_json_token token = rp_json_skip(array, ret_raw);

    return token > RP_JSON_END && token != RP_JSON_ARRAY_END;
}

struct rp_str ref_item(struct rp_arena *arena, struct rp_str array, size_t n)
{
    struct rp_json json;
    struct rp_str raw;

    rp_json_init(&json, arena, array);
    if (rp_json_next(&json) != RP_JSON_ARRAY)
        return (struct rp_str){0};
    for (size_t i = 0; next_item(&json, &raw); i++)
        if (i == n)
            return raw;
    return (struct rp_str){0};
}

static struct rp_str member(struct rp_arena *arena, struct rp_str object, struct rp_str key)
{
    struct rp_json json;
    struct rp_str raw;

    rp_json_init(&json, arena, object);
    if (rp_json_next(&json) != RP_JSON_OBJECT)
        return (struct rp_str){0};
    while (rp_json_next(&json) == RP_JSON_KEY) {
        const bool found = rp_str_eq(json.string, key);
        if (rp_json_skip(&json, &raw) <= RP_JSON_END)
            break;
        if (found)
            return raw;
    }
    return (struct rp_str){0};
}

struct rp_str ref_find(struct rp_arena *arena, struct rp_str text, const char *path)
{
    while (*path && text.len) {
        const size_t len = strcspn(path, "/");
        if (path[0] >= '0' && path[0] <= '9')
            text = ref_item(arena, text, strtoul(path, NULL, 10));
        else
            text = member(arena, text, (struct rp_str){path, len});
        path += len;
        path += *path == '/';
    }
    return text;
}

struct rp_str ref_string(struct rp_arena *arena, struct rp_str raw)
{
    struct rp_json json;

    rp_json_init(&json, arena, raw);
    return rp_json_next(&json) == RP_JSON_STRING ? json.string : (struct rp_str){0};
}

static struct rp_str must(struct ref *c, const char *path)
{
    const struct rp_str raw = ref_find(c->arena, c->text, path);

    if (!raw.len)
        fail_msg("%s, case %d: there is no %s", c->group, c->number, path);
    return raw;
}

bool ref_has(struct ref *c, const char *path)
{
    return ref_find(c->arena, c->text, path).len > 0;
}

static double number_of(struct rp_str raw)
{
    if (rp_str_eq(raw, rp_str_from("null")))
        return (double)NAN;
    if (rp_str_eq(raw, rp_str_from("true")) || rp_str_eq(raw, rp_str_from("false")))
        return raw.len == 4;
    return rp_number_convert(raw);
}

double ref_number(struct ref *c, const char *path)
{
    return number_of(must(c, path));
}

double *ref_numbers(struct ref *c, const char *path, size_t *ret_n)
{
    struct rp_json json;
    struct rp_str raw;
    size_t n = 0;
    const struct rp_str array = must(c, path);
    double *values = RP_ARENA_ARRAY(c->arena, double, array.len);

    rp_json_init(&json, c->arena, array);
    assert_int_equal(rp_json_next(&json), RP_JSON_ARRAY);
    while (next_item(&json, &raw))
        values[n++] = number_of(raw);
    *ret_n = n;
    return values;
}

uint8_t *ref_bits(struct ref *c, const char *path, size_t *ret_n)
{
    const double *values = ref_numbers(c, path, ret_n);
    uint8_t *bits = RP_ARENA_ARRAY(c->arena, uint8_t, *ret_n + 1);

    for (size_t i = 0; i < *ret_n; i++)
        bits[i] = values[i] != 0;
    return bits;
}

void ref_within(struct ref *c, const char *path, double got, double within, bool relative)
{
    const double want = ref_number(c, path);
    const double bound =
        relative ? within * fabs(want) + 5e-323 : within; /* subnormals are coarse */

    c->checked++;
    if (isnan(want) ? isfinite(got) : !(fabs(got - want) <= bound))
        fail_msg("%s, case %d: %s is %.17g, expected %.17g (off by %.3g)", c->group, c->number,
                 path, got, want, got - want);
}

void ref_same(struct ref *c, const char *path, double got)
{
    ref_within(c, path, got, c->within, c->relative);
}

void ref_close(struct ref *c, const char *what, double got, double want)
{
    const double bound = c->relative ? c->within * fabs(want) : c->within;

    c->checked++;
    if (!(fabs(got - want) <= bound))
        fail_msg("%s, case %d: %s is %.17g, expected %.17g", c->group, c->number, what, got, want);
}
