/* SPDX-License-Identifier: MIT */
/* Reading the HTML of messages: its text, and the addresses of its links. */
#ifndef RP_DELIVER_HTML_TEXT_H
#define RP_DELIVER_HTML_TEXT_H

#include "base/buf.h"
#include "base/str.h"

/* What a person reads of an HTML text: paragraphs, list items, addresses of links behind them. */
void rp_html_text(struct rp_str html, struct rp_buf *out);

/* The value of href, in quotes, of what stands between < and > of a tag; "" when it has none. A
 * part of `inside`. */
struct rp_str rp_html_href(struct rp_str inside);
/* Appends an address as it stands in an attribute, without HTML's escapes. */
void rp_html_address(struct rp_str value, struct rp_buf *out);

#endif
