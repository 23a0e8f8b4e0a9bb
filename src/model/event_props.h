/* SPDX-License-Identifier: MIT */
/* Inside of model/: the flat list of an event's values, filled from a pull reader. Who reads an
 * item and who reads a stored body fill it through the same functions, so that both see the same
 * values. */
#ifndef RP_MODEL_EVENT_PROPS_H
#define RP_MODEL_EVENT_PROPS_H

#include "base/json_read.h"
#include "model/event.h"

/* A member of an object as slices of its text. */
struct rp_member {
    struct rp_str key;        /* decoded */
    struct rp_str key_raw;    /* with quotes and escapes */
    struct rp_str value;      /* raw, without space around */
    enum rp_json_token token; /* that the value starts with */
    uint32_t prop;            /* index of its value; 0: not read into the list */
    uint64_t hash;            /* of the key, among rp_members */
};

struct rp_props {
    struct rp_arena *arena;
    struct rp_prop *list;
    uint32_t count, cap;
    uint32_t max;          /* values allowed behind the root */
    bool nul;              /* rp_props_parse met U+0000 in a text */
    struct rp_str message; /* why the last call refused */
};

/* Starts a list with its root; `bytes` of JSON are expected. */
void rp_props_init(struct rp_props *props, struct rp_arena *arena, size_t bytes, uint32_t max);

/* Adds a child of the root: the value whose first token was just read, with all in it. */
enum rp_reject rp_props_add(struct rp_props *props, struct rp_json *json, enum rp_json_token token,
                            struct rp_str key);
void rp_props_end(struct rp_props *props); /* closes the root */

/* Reads a whole JSON object. RP_REJECT_NOT_OBJECT when it is not one. */
enum rp_reject rp_props_parse(struct rp_props *props, struct rp_str object);

/* Members by key, each once, in the order in which the keys first came. */
struct rp_members {
    struct rp_member *list;
    size_t count, cap;
    uint32_t *table; /* indices + 1 by hash of the key */
    size_t slots;
};

/* Adds the members of an object, none of them read into a list of values; a member replaces the one
 * of the same key that is there. False, and perhaps some of them added, when it is no object. */
bool rp_members_add(struct rp_arena *arena, struct rp_members *members, struct rp_str object);

#endif
