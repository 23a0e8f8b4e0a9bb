/* SPDX-License-Identifier: MIT */
/* Cells of tables in plain text, and numbers in JSON. A character is what begins at a byte that
 * continues none: enough for names of rules and sources in one column each. */
#include "core/report_table.h"

#include "base/when.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void rp_table_share(struct rp_buf *out, double x, double n)
{
    if (n > 0) {
        rp_buf_printf(out, "%.1f %%", 100 * x / n);
    } else {
        rp_buf_char(out, '-');
    }
}

void rp_table_number(struct rp_jw *jw, const char *key, double value, int places)
{
    char text[40];
    size_t len;

    rp_jw_key(jw, key);
    if (!isfinite(value)) {
        rp_jw_null(jw);
        return;
    }
    snprintf(text, sizeof(text), "%.*f", places, value);
    len = strlen(text);
    if (strchr(text, '.')) {
        while (text[len - 1] == '0') {
            len--;
        }
        len -= text[len - 1] == '.';
    }
    if (len == 2 && text[0] == '-' && text[1] == '0') {
        text[0] = '0';
        len = 1;
    }
    rp_jw_raw(jw, (struct rp_str){text, len});
}

void rp_table_interval(struct rp_jw *jw, const char *key, double lo, double hi)
{
    rp_jw_key(jw, key);
    rp_jw_object(jw);
    rp_table_number(jw, "lo", lo, 6);
    rp_table_number(jw, "hi", hi, 6);
    rp_jw_object_end(jw);
}

void rp_table_time(struct rp_buf *out, double ms)
{
    if (!isfinite(ms)) {
        rp_buf_char(out, '-');
    } else if (ms < (double)RP_MINUTE) {
        rp_buf_printf(out, "%.0f s", ms / (double)RP_SECOND);
    } else if (ms < (double)RP_HOUR) {
        rp_buf_printf(out, "%.0f min", ms / (double)RP_MINUTE);
    } else if (ms < (double)(2 * RP_DAY)) {
        rp_buf_printf(out, "%.1f h", ms / (double)RP_HOUR);
    } else {
        rp_buf_printf(out, "%.1f d", ms / (double)RP_DAY);
    }
}

static bool begins_character(char c)
{
    return ((unsigned char)c & 0xc0U) != 0x80U;
}

static size_t characters(struct rp_str text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++) {
        count += begins_character(text.ptr[i]);
    }
    return count;
}

void rp_table_cell(struct rp_buf *out, struct rp_str text, size_t columns)
{
    size_t count = characters(text);
    size_t shown = 0, at = 0;

    if (count <= columns) {
        rp_buf_str(out, text);
        for (; count < columns; count++) {
            rp_buf_char(out, ' ');
        }
        return;
    }
    for (; at < text.len; at++) {
        if (begins_character(text.ptr[at]) && ++shown == columns) {
            break;
        }
    }
    rp_buf_add(out, text.ptr, at);
    rp_buf_text(out, "…");
}

void rp_table_right(struct rp_buf *out, const char *text, size_t columns)
{
    for (size_t count = characters(rp_str_from(text)); count < columns; count++) {
        rp_buf_char(out, ' ');
    }
    rp_buf_text(out, text);
}

void rp_table_bar(struct rp_buf *out, double value, double max, size_t columns)
{
    size_t blocks = max > 0 && value > 0 ? (size_t)(value / max * (double)columns + 0.5) : 0;

    if (blocks == 0 && value > 0) {
        rp_buf_text(out, "▏");
    }
    for (size_t i = 0; i < blocks && i < columns; i++) {
        rp_buf_text(out, "█");
    }
}

void rp_table_day(struct rp_buf *out, int64_t ms)
{
    struct rp_buf text = {0};

    rp_time_print(&text, ms);
    rp_buf_add(out, text.ptr, text.len < 10 ? text.len : 10);
    rp_buf_fini(&text);
}

int64_t rp_table_week(int64_t ms)
{
    enum { THURSDAY = 3 }; /* 1970-01-01 was one: three days behind a Monday */
    const int64_t week = 7 * RP_DAY;
    int64_t shifted = ms + THURSDAY * RP_DAY;
    int64_t rest = shifted % week;

    return ms - (rest < 0 ? rest + week : rest);
}
