/* SPDX-License-Identifier: MIT */
/* Looks for the last break that fits; a character is one column. */
#include "base/wrap.h"

/* How many bytes of text stand on one line of `room` columns. */
static size_t fit(struct rp_str text, size_t room, bool code)
{
    size_t columns = 0, at = 0, space = 0;
    bool quoted = false;

    while (at < text.len && text.ptr[at] != '\n') {
        bool begins = ((unsigned char)text.ptr[at] & 0xc0) != 0x80;

        if (text.ptr[at] == ' ' && !quoted && (columns <= room || space == 0)) {
            space = at;
        }
        if (columns + begins > room && (space > 0 || !code)) {
            return space > 0 && (code || 2 * space > room) ? space : at;
        }
        quoted ^= code && text.ptr[at] == '"';
        columns += begins;
        at++;
    }
    return at;
}

static void wrap(struct rp_buf *out, struct rp_str text, size_t column, size_t indent, bool code)
{
    for (;;) {
        size_t len = fit(text, column < RP_WRAP_COLUMNS ? RP_WRAP_COLUMNS - column : 1, code);

        rp_buf_add(out, text.ptr ? text.ptr : "", len);
        rp_buf_char(out, '\n');
        while (len < text.len && text.ptr[len] == ' ') {
            len++;
        }
        len += len < text.len && text.ptr[len] == '\n';
        if (len >= text.len) {
            return;
        }
        text = (struct rp_str){text.ptr + len, text.len - len};
        column = indent;
        rp_buf_printf(out, "%*s", text.ptr[0] == '\n' ? 0 : (int)indent, "");
    }
}

void rp_wrap(struct rp_buf *out, struct rp_str text, size_t column, size_t indent)
{
    wrap(out, text, column, indent, false);
}

void rp_wrap_code(struct rp_buf *out, struct rp_str text, size_t column, size_t indent)
{
    wrap(out, text, column, indent, true);
}
