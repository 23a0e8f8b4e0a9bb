/* SPDX-License-Identifier: MIT */
/* Growable bytes. Zero-initialise to start ({0}); rp_buf_fini frees. Always NUL-terminated behind
 * `len` once anything was added. */
#ifndef RP_BASE_BUF_H
#define RP_BASE_BUF_H

#include "base/check.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

struct rp_buf {
    char *ptr;
    size_t len, cap;
};

void rp_buf_fini(struct rp_buf *buf);
void rp_buf_reserve(struct rp_buf *buf, size_t more); /* room for `more` bytes behind len */
void rp_buf_add(struct rp_buf *buf, const void *bytes, size_t len);
void rp_buf_char(struct rp_buf *buf, char c);
void rp_buf_str(struct rp_buf *buf, struct rp_str text);
void rp_buf_text(struct rp_buf *buf, const char *text);
void rp_buf_printf(struct rp_buf *buf, const char *fmt, ...) RP_PRINTF(2, 3);

static inline void rp_buf_reset(struct rp_buf *buf)
{
    buf->len = 0;
}

static inline struct rp_str rp_buf_view(const struct rp_buf *buf)
{
    return (struct rp_str){buf->ptr, buf->len};
}

#endif
