/* SPDX-License-Identifier: MIT */
/* Signed links of e-mails: what a picture, a followed link and an unsubscription mean stands in the
 * link itself, under a signature of the server, so that the doors that answer them need no key and
 * no look-up, and send nobody to an address that Ripen did not write. */
#ifndef RP_MODEL_LINK_TOKEN_H
#define RP_MODEL_LINK_TOKEN_H

#include "base/arena.h"
#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum rp_link_kind {
    RP_LINK_OPEN,        /* the picture */
    RP_LINK_CLICK,       /* to a page, through us */
    RP_LINK_UNSUBSCRIBE, /* a page with a button, and one-click by POST (RFC 8058) */
    RP_LINK_TRAP,        /* a link that nobody can see: who follows it is a robot */
};
#define RP_LINK_KINDS   4
#define RP_LINK_URL_MAX 2000 /* bytes; longer addresses stand in the mail as they are */

/* The path before the token: "/e/o/", "/e/c/", "/e/u/", "/e/t/". */
struct rp_str rp_link_path(enum rp_link_kind kind);

/* `lead` and `action` are the public id of the lead and the key of the outbox row, "ld_…" and
 * "act_…". `about` is the URL of a click, the purpose of an unsubscription ("all": of all mails),
 * else "". */
struct rp_link {
    enum rp_link_kind kind;
    struct rp_str lead, action, about;
};

/* Appends path and token, such as "/e/o/AQ….q3x…": letters, digits and -._/ alone. `secret` is the
 * store's (rp_store_secret). The same link gives the same bytes for ever. EINPUT: ids of more than
 * 64 bytes, an address of a click that is neither http nor https or is too long. */
int rp_link_write(const uint8_t secret[16], const struct rp_link *link, struct rp_buf *out);

/* Reads a whole path back; texts live in the arena. False: it is none of ours, or changed on its
 * way. The signature is compared in constant time. */
bool rp_link_read(struct rp_arena *arena, const uint8_t secret[16], struct rp_str path,
                  struct rp_link *ret_link);

#endif
