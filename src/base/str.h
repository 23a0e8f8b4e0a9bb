/* SPDX-License-Identifier: MIT */
/* Borrowed text: a pointer and a length, never owned, not NUL-terminated. `ptr` may be NULL only
 * when `len` is 0. Lengths are bytes. */
#ifndef RP_BASE_STR_H
#define RP_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct rp_str {
    const char *ptr;
    size_t len;
};

#define RP_STR(literal) ((struct rp_str){(literal), sizeof(literal) - 1})
/* For printf: printf("%.*s", RP_STR_ARG(s)). */
#define RP_STR_ARG(s) ((int)(s).len), ((s).ptr ? (s).ptr : "")

static inline struct rp_str rp_str_from(const char *text)
{
    return (struct rp_str){text, text ? strlen(text) : 0};
}

/* Behind the last byte; NULL for a text without a pointer. */
static inline const char *rp_str_end(struct rp_str s)
{
    return s.len ? s.ptr + s.len : s.ptr;
}

static inline bool rp_str_eq(struct rp_str a, struct rp_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool rp_str_is(struct rp_str a, const char *text)
{
    return rp_str_eq(a, rp_str_from(text));
}

/* Bytewise order, the shorter first when one is a prefix of the other. */
static inline int rp_str_cmp(struct rp_str a, struct rp_str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.ptr, b.ptr, n) : 0;

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static inline bool rp_str_starts(struct rp_str s, struct rp_str prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

static inline bool rp_str_ends(struct rp_str s, struct rp_str suffix)
{
    return s.len >= suffix.len &&
           (suffix.len == 0 || memcmp(s.ptr + s.len - suffix.len, suffix.ptr, suffix.len) == 0);
}

#endif
