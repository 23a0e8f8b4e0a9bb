/* SPDX-License-Identifier: MIT */
/* A request target of any bytes: path and query lie within it, every parameter lies within the
 * query, and what is decoded holds no NUL and does not grow. */
#include "base/check.h"
#include "fuzz.h"
#include "net/url.h"

static bool is_within(struct rp_str part, struct rp_str whole)
{
    return part.len == 0 || (part.ptr >= whole.ptr && rp_str_end(part) <= rp_str_end(whole));
}

static void check_decoded(struct rp_arena *arena, struct rp_str text, bool plus)
{
    struct rp_str decoded;

    if (!rp_url_decode(arena, text, plus, &decoded))
        return;
    RP_ASSERT(decoded.len <= text.len);
    for (size_t i = 0; i < decoded.len && memchr(text.ptr, '%', text.len); i++)
        RP_ASSERT(decoded.ptr[i] != '\0' || memchr(text.ptr, '\0', text.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct rp_str target = {(const char *)bytes, size}, path, query, name, value;
    struct rp_arena arena;
    size_t at = 0;

    rp_arena_init(&arena);
    rp_url_host_loopback(target);
    if (rp_url_target(target, &path, &query)) {
        RP_ASSERT(path.len > 0 && (rp_str_is(path, "/") || is_within(path, target)));
        RP_ASSERT(is_within(query, target));
        check_decoded(&arena, path, false);
        for (size_t before = at; rp_url_param(query, &at, &name, &value); before = at) {
            RP_ASSERT(at > before && is_within(name, query) && is_within(value, query));
            RP_ASSERT(name.len == 0 || !memchr(name.ptr, '=', name.len));
            check_decoded(&arena, name, true);
            check_decoded(&arena, value, true);
        }
    }
    rp_arena_fini(&arena);
    return 0;
}
