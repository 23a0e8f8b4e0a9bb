/* SPDX-License-Identifier: MIT */
/* The bytes of an e-mail after RFC 5322, 2045 and 2047: a pure function of what stands in its row,
 * so that all attempts are identical. Lines end with CRLF and have at most 998 bytes. */
#ifndef RP_DELIVER_MIME_H
#define RP_DELIVER_MIME_H

#include "base/buf.h"
#include "base/err.h"
#include "model/email.h"

#include <stdint.h>

struct rp_mime {
    struct rp_str key;  /* of the row: Message-ID and boundary come of it */
    int64_t created_ms; /* the Date */
    struct rp_str from; /* the sender of an e-mail that names none */
    struct rp_str subject, to, reply_to;
    struct rp_str text, html;  /* one of them at least; without text it is made of the HTML */
    struct rp_str unsubscribe; /* address of a one-click unsubscription (RFC 8058); "" none */
};

/* Appends the message. EINPUT with the reason when an address, the key or the link cannot stand in
 * a header, or when there is nothing to say. */
int rp_mime_write(const struct rp_mime *message, struct rp_buf *out, struct rp_err *err);

/* The parts of it, for tests. */
void rp_mime_quoted(struct rp_str text, struct rp_buf *out); /* quoted-printable, CRLF */
void rp_mime_date(int64_t ms, struct rp_buf *out);           /* Sun, 22 Nov 2026 … +0000 */
void rp_mime_header(const char *name, struct rp_str value, struct rp_buf *out); /* with CRLF */

#endif
