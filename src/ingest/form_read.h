/* SPDX-License-Identifier: MIT */
/* The fields of a form as browsers send them, and the event that they become. Pure. */
#ifndef RP_INGEST_FORM_READ_H
#define RP_INGEST_FORM_READ_H

#include "base/arena.h"
#include "base/err.h"
#include "base/limits.h"
#include "engine/config.h"

struct rp_form_field {
    struct rp_str name, value;
};

struct rp_form_fields {
    struct rp_form_field *list; /* in order; names are not empty */
    size_t count;
};

/* By content type: application/x-www-form-urlencoded (also when it is absent) or
 * multipart/form-data, of which a file is its name. EINPUT: not well-formed; ELIMIT: more than
 * RP_FORM_FIELDS_MAX fields; ENOTFOUND: another content type. Texts borrow from the body or the
 * arena. */
int rp_form_read(struct rp_arena *arena, struct rp_str content_type, struct rp_str body,
                 struct rp_form_fields *ret_fields, struct rp_err *err);
/* The first value under a name, "" when absent. */
struct rp_str rp_form_value(const struct rp_form_fields *fields, const char *name);
/* The anonymousId of a web SDK in a Cookie header; "" when there is none. */
struct rp_str rp_form_cookie(struct rp_arena *arena, struct rp_str cookies);
/* Where the browser goes: the field `next` if the configuration or its being a path allows it,
 * else the form's redirect, else "". */
struct rp_str rp_form_target(const struct rp_form_door *form, const struct rp_form_fields *fields);

/* Texts of the request beside the fields; "" when absent. */
struct rp_form_origin {
    struct rp_str cookies, referer, user_agent;
};
/* The track, as JSON. */
struct rp_str rp_form_event(struct rp_arena *arena, const struct rp_form_door *form,
                            const struct rp_form_fields *fields,
                            const struct rp_form_origin *origin);

#endif
