/* SPDX-License-Identifier: MIT */
/* Writes JSON onto a buffer: commas and quotes by themselves, numbers with at most three places
 * where thousandths are given. Nesting is bounded by RP_JSON_DEPTH_MAX (an assertion: the caller's
 * bug). */
#ifndef RP_BASE_JSON_WRITE_H
#define RP_BASE_JSON_WRITE_H

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct rp_jw {
    struct rp_buf *out;
    uint32_t depth;
    bool comma, after_key;
};

static inline struct rp_jw rp_jw(struct rp_buf *out)
{
    return (struct rp_jw){.out = out};
}

void rp_jw_object(struct rp_jw *jw);
void rp_jw_object_end(struct rp_jw *jw);
void rp_jw_array(struct rp_jw *jw);
void rp_jw_array_end(struct rp_jw *jw);
void rp_jw_key(struct rp_jw *jw, const char *key);
void rp_jw_key_str(struct rp_jw *jw, struct rp_str key);
void rp_jw_str(struct rp_jw *jw, struct rp_str text); /* invalid UTF-8 becomes U+FFFD */
void rp_jw_text(struct rp_jw *jw, const char *text);  /* NULL writes null */
void rp_jw_int(struct rp_jw *jw, int64_t value);
void rp_jw_milli(struct rp_jw *jw, int64_t thousandths);
void rp_jw_number(struct rp_jw *jw, double value);
void rp_jw_bool(struct rp_jw *jw, bool value);
void rp_jw_null(struct rp_jw *jw);
void rp_jw_time(struct rp_jw *jw, int64_t ms);        /* RP_NEVER writes null */
void rp_jw_raw(struct rp_jw *jw, struct rp_str json); /* a ready value */

/* Key and value in one call. */
void rp_jw_put_str(struct rp_jw *jw, const char *key, struct rp_str text);
void rp_jw_put_text(struct rp_jw *jw, const char *key, const char *text);
void rp_jw_put_known(struct rp_jw *jw, const char *key, struct rp_str text); /* "": null */
void rp_jw_put_int(struct rp_jw *jw, const char *key, int64_t value);
void rp_jw_put_milli(struct rp_jw *jw, const char *key, int64_t thousandths);
void rp_jw_put_bool(struct rp_jw *jw, const char *key, bool value);
void rp_jw_put_time(struct rp_jw *jw, const char *key, int64_t ms);

#endif
