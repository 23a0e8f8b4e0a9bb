/* SPDX-License-Identifier: MIT */
/* What a CRM or form tool sends becomes events, by paths that its kind or ripen.lua gives. Pure. */
#ifndef RP_INGEST_WEBHOOK_MAP_H
#define RP_INGEST_WEBHOOK_MAP_H

#include "ingest/door.h"

struct rp_source_door;

/* `delivery`: the id of the whole request where the sender gives one, else "". EINPUT: the body is
 * not JSON, or has not the form that the source should have; else each event is an item. */
int rp_webhook_map(const struct rp_source_door *source, struct rp_str delivery, struct rp_str body,
                   struct rp_door_items *items, struct rp_err *err);

#endif
