/* SPDX-License-Identifier: MIT */
/* What the doors beside the SDKs' routes have in common: whatever came becomes items in the form
 * that SDKs send, or refusals that keep their place among them. Loop thread only. */
#ifndef RP_INGEST_DOOR_H
#define RP_INGEST_DOOR_H

#include "core/core.h"

struct rp_door_item {
    struct rp_str json; /* of a track, when reject is RP_REJECT_NONE */
    enum rp_reject reject;
    struct rp_str message;
};

/* A growing list in an arena; what lies past RP_BATCH_ITEMS_MAX is only counted. */
struct rp_door_items {
    struct rp_arena *arena;
    struct rp_door_item *list;
    size_t count, cap, beyond;
};
/* The place of the next item; NULL: it lies past the bound. */
struct rp_door_item *rp_door_add(struct rp_door_items *items);

/* A track; texts are "" and raw JSON objects "" when absent. */
struct rp_door_event {
    struct rp_str name, message_id, user_id, anonymous_id, email, time;
    struct rp_str properties; /* raw: an object, or any other value, which becomes {"data":…} */
    const char *origin;       /* key in context of … */
    struct rp_str origin_raw; /* … this object */
};
struct rp_str rp_door_json(struct rp_arena *arena, const struct rp_door_event *event);

/* A time as senders write it, in the form that SDKs send: also numbers of seconds, with a fraction
 * or not, and of milliseconds. What is no time is given back, to be refused with its text. */
struct rp_str rp_door_time(struct rp_arena *arena, struct rp_str text);
/* A messageId of these parts: equal parts give equal ids, and only they. */
struct rp_str rp_door_id(struct rp_arena *arena, const char *kind, const struct rp_str *parts,
                         size_t count);
/* The items into the batch, with their verdicts so far. */
void rp_door_batch(struct rp_batch *batch, struct rp_door_items *items,
                   struct rp_envelope *envelope);

/* Our name of an event; false: the list does not have it. */
struct rp_renamed;
bool rp_door_renamed(const struct rp_renamed *list, size_t count, struct rp_str name,
                     struct rp_str *ret_name);

#endif
