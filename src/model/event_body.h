/* SPDX-License-Identifier: MIT */
/* Inside of model/: the body of an event, as it is stored. */
#ifndef RP_MODEL_EVENT_BODY_H
#define RP_MODEL_EVENT_BODY_H

#include "model/event_props.h"

struct rp_body_parts {
    const struct rp_member *members; /* of the root, in order, without what stands in columns */
    size_t member_count;
    const struct rp_member *name;   /* a `name` that is no column of this type; NULL: none */
    struct rp_str envelope_context; /* raw object; "" when none */
    const struct rp_prop *props;    /* of the members */
    bool identify;
};

/* Makes the body. True when it holds other values than the members did: a context of the batch
 * merged in, traits moved to the root, a name, a repeated key left out. */
bool rp_body_make(struct rp_arena *arena, const struct rp_body_parts *parts,
                  struct rp_str *ret_body);

#endif
