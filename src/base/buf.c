/* SPDX-License-Identifier: MIT */
/* Growable bytes. Invariant: once ptr is not NULL, cap > len and ptr[len] is NUL. */
#include "base/buf.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void rp_buf_fini(struct rp_buf *buf)
{
    free(buf->ptr);
    *buf = (struct rp_buf){0};
}

void rp_buf_reserve(struct rp_buf *buf, size_t more)
{
    RP_ASSERT(more < SIZE_MAX / 2 && buf->len < SIZE_MAX / 2);
    size_t need = buf->len + more + 1;
    if (need <= buf->cap)
        return;
    if (buf->cap == 0 && need < 64)
        need = 64;
    buf->ptr = rp_grow(buf->ptr, &buf->cap, need, 1);
    buf->ptr[buf->len] = '\0';
}

void rp_buf_add(struct rp_buf *buf, const void *bytes, size_t len)
{
    rp_buf_reserve(buf, len);
    if (len > 0)
        memcpy(buf->ptr + buf->len, bytes, len);
    buf->len += len;
    buf->ptr[buf->len] = '\0';
}

void rp_buf_char(struct rp_buf *buf, char c)
{
    rp_buf_reserve(buf, 1);
    buf->ptr[buf->len++] = c;
    buf->ptr[buf->len] = '\0';
}

void rp_buf_str(struct rp_buf *buf, struct rp_str text)
{
    rp_buf_add(buf, text.ptr, text.len);
}

void rp_buf_text(struct rp_buf *buf, const char *text)
{
    rp_buf_add(buf, text, strlen(text));
}

void rp_buf_printf(struct rp_buf *buf, const char *fmt, ...)
{
    va_list args;

    rp_buf_reserve(buf, 64);
    va_start(args, fmt);
    int len = vsnprintf(buf->ptr + buf->len, buf->cap - buf->len, fmt, args);
    va_end(args);
    RP_ASSERT(len >= 0);
    if ((size_t)len >= buf->cap - buf->len) {
        rp_buf_reserve(buf, (size_t)len);
        va_start(args, fmt);
        vsnprintf(buf->ptr + buf->len, buf->cap - buf->len, fmt, args);
        va_end(args);
    }
    buf->len += (size_t)len;
}
