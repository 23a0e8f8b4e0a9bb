/* SPDX-License-Identifier: MIT */
/* Writes JSON. It keeps no stack: a comma is due when the last thing written was a value, and the
 * callers close what they opened. */
#include "base/json_write.h"

#include "base/check.h"
#include "base/num.h"
#include "base/utf8.h"
#include "base/when.h"

#include <math.h>

static void start_value(struct rp_jw *jw)
{
    if (jw->comma && !jw->after_key)
        rp_buf_char(jw->out, ',');
    jw->after_key = false;
    jw->comma = true;
}

static void open_level(struct rp_jw *jw, char c)
{
    RP_ASSERT(jw->depth < RP_JSON_DEPTH_MAX);
    start_value(jw);
    jw->depth++;
    jw->comma = false;
    rp_buf_char(jw->out, c);
}

static void close_level(struct rp_jw *jw, char c)
{
    RP_ASSERT(jw->depth > 0 && !jw->after_key);
    jw->depth--;
    jw->comma = true;
    rp_buf_char(jw->out, c);
}

void rp_jw_object(struct rp_jw *jw)
{
    open_level(jw, '{');
}

void rp_jw_object_end(struct rp_jw *jw)
{
    close_level(jw, '}');
}

void rp_jw_array(struct rp_jw *jw)
{
    open_level(jw, '[');
}

void rp_jw_array_end(struct rp_jw *jw)
{
    close_level(jw, ']');
}

static void add_escape(struct rp_buf *out, unsigned char c)
{
    static const char short_from[] = "\"\\\b\f\n\r\t", short_to[] = "\"\\bfnrt";
    static const char hex[] = "0123456789abcdef";
    const char *found = c ? strchr(short_from, c) : NULL;

    rp_buf_char(out, '\\');
    if (found) {
        rp_buf_char(out, short_to[found - short_from]);
    } else {
        rp_buf_text(out, "u00");
        rp_buf_char(out, hex[c >> 4]);
        rp_buf_char(out, hex[c & 15]);
    }
}

static void add_quoted(struct rp_buf *out, struct rp_str text)
{
    size_t at = 0, from = 0;

    rp_buf_reserve(out, text.len + 2);
    rp_buf_char(out, '"');
    while (at < text.len) {
        unsigned char c = (unsigned char)text.ptr[at];
        if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
            at++;
            continue;
        }
        size_t size = c >= 0x80 ? rp_utf8_size(text.ptr + at, text.len - at) : 0;
        if (size > 0) {
            at += size;
            continue;
        }
        rp_buf_add(out, text.ptr + from, at - from);
        if (c >= 0x80)
            rp_buf_text(out, "\xef\xbf\xbd");
        else
            add_escape(out, c);
        from = ++at;
    }
    if (at > from)
        rp_buf_add(out, text.ptr + from, at - from);
    rp_buf_char(out, '"');
}

void rp_jw_key(struct rp_jw *jw, const char *key)
{
    rp_jw_key_str(jw, rp_str_from(key));
}

void rp_jw_key_str(struct rp_jw *jw, struct rp_str key)
{
    RP_ASSERT(jw->depth > 0 && !jw->after_key);
    start_value(jw);
    add_quoted(jw->out, key);
    rp_buf_char(jw->out, ':');
    jw->after_key = true;
}

void rp_jw_str(struct rp_jw *jw, struct rp_str text)
{
    start_value(jw);
    add_quoted(jw->out, text);
}

void rp_jw_text(struct rp_jw *jw, const char *text)
{
    if (text)
        rp_jw_str(jw, rp_str_from(text));
    else
        rp_jw_null(jw);
}

void rp_jw_int(struct rp_jw *jw, int64_t value)
{
    start_value(jw);
    rp_int_print(jw->out, value);
}

void rp_jw_milli(struct rp_jw *jw, int64_t thousandths)
{
    start_value(jw);
    rp_milli_print(jw->out, thousandths);
}

void rp_jw_number(struct rp_jw *jw, double value)
{
    start_value(jw);
    if (isfinite(value))
        rp_number_print(jw->out, value);
    else
        rp_buf_text(jw->out, "null"); /* JSON has no word for it */
}

void rp_jw_bool(struct rp_jw *jw, bool value)
{
    start_value(jw);
    rp_buf_text(jw->out, value ? "true" : "false");
}

void rp_jw_null(struct rp_jw *jw)
{
    start_value(jw);
    rp_buf_text(jw->out, "null");
}

void rp_jw_time(struct rp_jw *jw, int64_t ms)
{
    start_value(jw);
    if (ms == RP_NEVER) {
        rp_buf_text(jw->out, "null");
        return;
    }
    rp_buf_char(jw->out, '"');
    rp_time_print(jw->out, ms);
    rp_buf_char(jw->out, '"');
}

void rp_jw_raw(struct rp_jw *jw, struct rp_str json)
{
    RP_ASSERT(json.len > 0);
    start_value(jw);
    rp_buf_str(jw->out, json);
}

void rp_jw_put_str(struct rp_jw *jw, const char *key, struct rp_str text)
{
    rp_jw_key(jw, key);
    rp_jw_str(jw, text);
}

void rp_jw_put_text(struct rp_jw *jw, const char *key, const char *text)
{
    rp_jw_key(jw, key);
    rp_jw_text(jw, text);
}

void rp_jw_put_known(struct rp_jw *jw, const char *key, struct rp_str text)
{
    rp_jw_key(jw, key);
    text.len ? rp_jw_str(jw, text) : rp_jw_null(jw);
}

void rp_jw_put_int(struct rp_jw *jw, const char *key, int64_t value)
{
    rp_jw_key(jw, key);
    rp_jw_int(jw, value);
}

void rp_jw_put_milli(struct rp_jw *jw, const char *key, int64_t thousandths)
{
    rp_jw_key(jw, key);
    rp_jw_milli(jw, thousandths);
}

void rp_jw_put_bool(struct rp_jw *jw, const char *key, bool value)
{
    rp_jw_key(jw, key);
    rp_jw_bool(jw, value);
}

void rp_jw_put_time(struct rp_jw *jw, const char *key, int64_t ms)
{
    rp_jw_key(jw, key);
    rp_jw_time(jw, ms);
}
