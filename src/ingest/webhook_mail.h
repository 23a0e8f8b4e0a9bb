/* SPDX-License-Identifier: MIT */
/* Notices of those who send e-mail for us: SendGrid, Postmark, Mailgun and Amazon SES. What they
 * tell of bounces, complaints and unsubscribes becomes Email Bounced, Email Complained and
 * Unsubscribed, which the suppression list and consent know. Pure. */
#ifndef RP_INGEST_WEBHOOK_MAIL_H
#define RP_INGEST_WEBHOOK_MAIL_H

#include "engine/config.h"
#include "ingest/door.h"

/* Whether a source of this kind sends such notices. */
bool rp_mail_sends_notices(enum rp_verify verify);

/* Each notice of a JSON body as an item; those that tell nothing of the kind are refused items. */
void rp_mail_map(const struct rp_source_door *source, struct rp_str body,
                 struct rp_door_items *items);

/* The address that Amazon SNS wants to be opened before it sends notices; "" when the body is no
 * such request, or its address is not one of Amazon SNS. Nothing here opens it. */
struct rp_str rp_mail_confirmation(struct rp_arena *arena, struct rp_str body);

#endif
