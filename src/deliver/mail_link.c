/* SPDX-License-Identifier: MIT */
/* Makes the links that ingest/track.c answers: model/link_token.h is what both agree on. */
#include "deliver/mail_link.h"

#include "base/html.h"
#include "model/link_token.h"

void rp_mail_link(void *ctx, enum rp_mail_link kind, const struct rp_mail_row *row,
                  const struct rp_email *email, struct rp_str target, struct rp_buf *out)
{
    static const enum rp_link_kind kinds[] = {[RP_MAIL_LINK_OPEN] = RP_LINK_OPEN,
                                              [RP_MAIL_LINK_CLICK] = RP_LINK_CLICK,
                                              [RP_MAIL_LINK_UNSUBSCRIBE] = RP_LINK_UNSUBSCRIBE,
                                              [RP_MAIL_LINK_TRAP] = RP_LINK_TRAP};
    const struct rp_mail_linker *linker = ctx;
    struct rp_link link = {.kind = kinds[kind], .lead = row->lead, .action = row->key};
    size_t before = out->len;

    if (kind == RP_MAIL_LINK_CLICK)
        link.about = target;
    else if (kind == RP_MAIL_LINK_UNSUBSCRIBE)
        link.about = email->purpose;
    rp_buf_str(out, linker->url);
    if (rp_link_write(linker->secret, &link, out) == 0)
        return;
    out->len = before;
    if (kind == RP_MAIL_LINK_UNSUBSCRIBE) { /* a purpose with too long a name: leave all */
        link.about = RP_STR("");
        rp_buf_str(out, linker->url);
        (void)rp_link_write(linker->secret, &link, out);
        return;
    }
    rp_html_escape(out, target); /* it stands in an attribute again */
}
