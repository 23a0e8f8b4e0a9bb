/* SPDX-License-Identifier: MIT */
/* What a rule file declared, as a C tree: the form between Lua and the compiled rules. Checks and
 * compilation read it; after it was made, no Lua is needed but for test functions. Everything lives
 * in the arena of one load. */
#ifndef RP_ENGINE_TREE_H
#define RP_ENGINE_TREE_H

#include "base/arena.h"
#include "base/buf.h"
#include "engine/ruleset.h"
#include "engine/schema.h"

#include <stdbool.h>
#include <stdint.h>

enum rp_node_type {
    RP_NODE_NIL,
    RP_NODE_BOOL,
    RP_NODE_NUMBER,
    RP_NODE_TEXT,
    RP_NODE_TABLE,
    RP_NODE_CALL,     /* glob "/x", did("page", {…}): a constructor with its arguments */
    RP_NODE_FUNCTION, /* `test`, by its number in load order */
    RP_NODE_UNKNOWN,  /* came from a name that nobody knows: reported where it was read */
    RP_NODE_OTHER,    /* what no declaration takes (a library, a half-made step) */
};

struct rp_node {
    uint8_t type; /* enum rp_node_type */
    bool flag;    /* BOOL */
    struct rp_place place;
    double number;                     /* NUMBER */
    struct rp_str text;                /* TEXT */
    uint32_t function;                 /* FUNCTION */
    const struct rp_schema_call *call; /* CALL */
    struct rp_node *items;             /* TABLE: 1, 2, …; CALL: arguments */
    uint32_t item_count;
    struct rp_node_field *fields; /* TABLE: sorted by key, bytewise */
    uint32_t field_count;
};

struct rp_node_field {
    struct rp_str key;
    struct rp_place place; /* of the key */
    struct rp_node value;
};

struct rp_declared {
    const struct rp_schema_decl *decl;
    struct rp_str name; /* "" for declarations without one */
    struct rp_place place;
    struct rp_node body;
    bool complete; /* false: the body never came */
    bool broken;   /* a check found an error in it: it is not compiled */
};

/* All trees of a load, in the order of files and lines, and what weights.lua returned. */
struct rp_declarations {
    struct rp_arena arena; /* owns everything here; texts of places are in rp_rules.sources */
    struct rp_declared *items;
    uint32_t count;
    struct rp_node weights; /* NIL: there is none */
};

/* The numbers of weights.lua put into the trees; ret_overrides (in the arena) tells each one, in
 * the order of its keys. Only after a load without errors: nothing is checked. */
struct rp_override {
    const struct rp_declared *declared;
    struct rp_str field;   /* "points", "points.engagement", "bands.2", "enter.fit", "cap" */
    double was, value;     /* was NAN: the number stands in a segment */
    struct rp_place place; /* in weights.lua */
};
uint32_t rp_declarations_weigh(struct rp_declarations *declarations,
                               struct rp_override **ret_overrides);
/* The declaration of that kind and name; NULL when there is none. */
struct rp_declared *rp_declarations_find(const struct rp_declarations *declarations,
                                         const char *decl, struct rp_str name);
void rp_declarations_fini(struct rp_declarations *declarations); /* zeroed ones: no effect */

/* The value of a key; NULL when absent, or when `table` is no table. */
const struct rp_node *rp_node_get(const struct rp_node *table, const char *key);
const struct rp_node_field *rp_node_field(const struct rp_node *table, struct rp_str key);
/* Texts, numbers and flags by key; the fallback when absent or of another type. */
struct rp_str rp_node_text(const struct rp_node *table, const char *key);
double rp_node_number(const struct rp_node *table, const char *key, double fallback);
bool rp_node_flag(const struct rp_node *table, const char *key, bool fallback);
/* Duration in milliseconds; fallback when absent or unreadable. */
int64_t rp_node_span(const struct rp_node *table, const char *key, int64_t fallback);
/* A text or a list of texts as an array of nodes. */
const struct rp_node *rp_node_list(const struct rp_node *node, uint32_t *ret_count);
bool rp_node_is_call(const struct rp_node *node, const char *name);

/* As a person reads it: `any { did("page", days = 3), known() }`. */
void rp_node_print(struct rp_buf *out, const struct rp_node *node);
/* "a text", "a number", "glob(…)": for messages. */
const char *rp_node_type_name(const struct rp_node *node);

#endif
