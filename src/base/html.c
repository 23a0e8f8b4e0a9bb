/* SPDX-License-Identifier: MIT */
/* Escapes for pages and mails. Knows the five characters; must not know what is written with
 * them. Invariant: what comes out holds neither a quote nor a bracket. */
#include "base/html.h"

static const char *entity_of(char c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\0':
        return "";
    default:
        return NULL;
    }
}

void rp_html_escape(struct rp_buf *out, struct rp_str text)
{
    size_t done = 0;

    for (size_t i = 0; i < text.len; i++) {
        const char *entity = entity_of(text.ptr[i]);

        if (entity == NULL)
            continue;
        rp_buf_add(out, text.ptr + done, i - done);
        rp_buf_text(out, entity);
        done = i + 1;
    }
    if (done < text.len)
        rp_buf_add(out, text.ptr + done, text.len - done);
}
