/* SPDX-License-Identifier: MIT */
/* The signed links of a mail, under the address that people reach the server at. */
#ifndef RP_DELIVER_MAIL_LINK_H
#define RP_DELIVER_MAIL_LINK_H

#include "deliver/mail_row.h"

#include <stdint.h>

struct rp_mail_linker {
    uint8_t secret[16]; /* rp_store_secret */
    struct rp_str url;  /* of server {…}, without a slash at its end; borrowed */
};

/* What rp_mail_sender.link asks for; ctx is a linker. A target that cannot be signed (too long) is
 * appended as it is. */
void rp_mail_link(void *ctx, enum rp_mail_link kind, const struct rp_mail_row *row,
                  const struct rp_email *email, struct rp_str target, struct rp_buf *out);

#endif
