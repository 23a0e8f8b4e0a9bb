/* SPDX-License-Identifier: MIT */
/* Text on a page: what an author or a lead wrote never becomes markup. */
#ifndef RP_BASE_HTML_H
#define RP_BASE_HTML_H

#include "base/buf.h"

/* Adds the text as it may stand between tags and in a quoted attribute, of HTML and of XML. A NUL,
 * which neither can hold, is left out. */
void rp_html_escape(struct rp_buf *out, struct rp_str text);

#endif
