/* SPDX-License-Identifier: MIT */
/* Inside of engine/: a compiled map, as mapping.c makes it and mapping_row.c reads it. */
#ifndef RP_ENGINE_MAPPING_PRIV_H
#define RP_ENGINE_MAPPING_PRIV_H

#include "engine/mapping.h"

/* A text with its placeholders: pieces, one behind the other. */
struct rp_mapping_piece {
    struct rp_str text;   /* plain text, or what stands for an empty cell */
    struct rp_str column; /* "" for plain text */
    uint32_t index;       /* of the column */
    struct rp_place place;
};
struct rp_mapping_text {
    struct rp_mapping_piece *pieces;
    uint32_t count;
};

struct rp_mapping_value {
    struct rp_str key; /* "" in a list */
    uint8_t type;      /* RP_BOOL, RP_NUMBER, RP_STRING, RP_ARRAY, RP_OBJECT; RP_NULL: nothing */
    double number;     /* BOOL, NUMBER */
    struct rp_mapping_text text;
    struct rp_mapping_value *parts;
    uint32_t count;
};

enum rp_mapping_slot {
    RP_MAPPING_EVENT,
    RP_MAPPING_NAME,
    RP_MAPPING_USER_ID,
    RP_MAPPING_ANONYMOUS_ID,
    RP_MAPPING_PREVIOUS_ID,
    RP_MAPPING_GROUP_ID,
    RP_MAPPING_MESSAGE_ID,
    RP_MAPPING_TIMESTAMP,
    RP_MAPPING_RECEIVED_AT,
    RP_MAPPING_SLOTS,
};
enum rp_mapping_set {
    RP_MAPPING_PROPERTIES,
    RP_MAPPING_TRAITS,
    RP_MAPPING_CONTEXT,
    RP_MAPPING_SETS
};
extern const char *const rp_mapping_slot_keys[RP_MAPPING_SLOTS];
extern const char *const rp_mapping_set_keys[RP_MAPPING_SETS];

struct rp_mapping_choice {
    struct rp_str key; /* folded */
    struct rp_mapping_row *row;
};
int rp_mapping_choice_cmp(const void *a, const void *b); /* for qsort and bsearch */

struct rp_mapping_row {
    bool skip;
    enum rp_event_type type;
    struct rp_mapping_text slots[RP_MAPPING_SLOTS];
    struct rp_mapping_value sets[RP_MAPPING_SETS];
    struct rp_mapping_text by;         /* count 0: the row is an event */
    struct rp_mapping_choice *choices; /* sorted */
    uint32_t choice_count;
    struct rp_mapping_row *other; /* NULL: such rows are refused */
};

struct rp_mapping {
    struct rp_arena *arena;
    struct rp_files files;
    struct rp_mapping_row *root;
    struct rp_mapping_piece **columns; /* every placeholder */
    uint32_t column_count, column_cap;
};

/* Without white space around. */
struct rp_str rp_mapping_trim(struct rp_str text);

#endif
