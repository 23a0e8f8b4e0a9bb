/* SPDX-License-Identifier: MIT */
/* Who owns a lead, and who refused it last: decided, like the stage, so it stands in a cell that a
 * rebuild keeps. Plain reading and writing of that cell; who may own is asked in engine/. */
#ifndef RP_MODEL_OWNER_H
#define RP_MODEL_OWNER_H

#include "model/lead.h"

#define RP_OWNER_MAX 254 /* bytes of an owner's address; a longer one is none */

struct rp_owner {
    struct rp_str name;    /* "": nobody owns the lead */
    struct rp_str refuser; /* the last owner who rejected it; "": none */
    int64_t since_ms;      /* when this was decided */
    int64_t refused_ms;    /* 0: never */
    uint64_t sent;         /* hash of the owner that a CRM told last; 0: it told none */
    int64_t barred_ms;     /* until then the refuser is not given the lead again, whatever asks */
};

/* The texts borrow from the lead's cells; all zero when nothing was ever decided. */
void rp_owner_get(const struct rp_lead *lead, struct rp_owner *ret_owner);
/* The texts may be those of rp_owner_get. At most RP_OWNER_MAX bytes each. */
void rp_owner_set(struct rp_lead *lead, const struct rp_owner *owner);

#endif
