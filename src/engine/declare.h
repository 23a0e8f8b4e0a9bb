/* SPDX-License-Identifier: MIT */
/* Runs rule files in a sandbox and takes down what they declare, as trees (tree.h). Names and
 * constructors come from the schema; nothing is judged here but that a declaration has a name and a
 * body. */
#ifndef RP_ENGINE_DECLARE_H
#define RP_ENGINE_DECLARE_H

#include "base/arena.h"
#include "engine/diagnose.h"
#include "engine/sandbox.h"
#include "engine/schema.h"
#include "engine/tree.h"

/* What the files of one load declared. Zero-initialise, set arena and the tables, then run files.
 */
struct rp_recorder {
    struct rp_arena *arena;         /* trees live here */
    struct rp_diagnosis *diagnosis; /* NULL: the files were checked already */
    const struct rp_schema_decl *decls;
    const struct rp_schema_call *calls;
    struct rp_declared *declared;
    uint32_t count, cap;
    uint32_t file;      /* that runs now */
    uint32_t functions; /* kept so far; the n-th is rp_recorder_push_function(n) */
    uint32_t *function_files;
    uint32_t function_cap;
    uint32_t nodes;          /* made in the present declaration */
    uint32_t findings_here;  /* reported about the present file */
    struct rp_node returned; /* what the last file returned */
    bool returns;            /* keep it: weights.lua */
    bool spent;              /* a file used up the steps or the memory of the load */
};

/* A sandbox whose globals hold the declarations and constructors of the recorder's tables. */
struct rp_sandbox *rp_recorder_sandbox(struct rp_recorder *recorder, size_t heap_bytes,
                                       struct rp_err *err);
/* Runs one file. Findings go to the diagnosis; false when it could not be run to its end. */
bool rp_recorder_run(struct rp_recorder *recorder, struct rp_sandbox *sandbox, uint32_t file,
                     const struct rp_source *source);
/* Pushes a function that was declared. May be called where lua_rawgeti may. */
void rp_recorder_push_function(lua_State *L, uint32_t number);

/* What to use instead of a name of Lua that rules do not have; NULL when it is none. */
const char *rp_name_not_here(struct rp_str name);
/* "did you mean 'score'?" among all names that a file may use. */
struct rp_str rp_name_guess(const struct rp_recorder *recorder, const char *name);

/* The names of Lua that rules do not have, one after the other; NULL behind the last. */
const char *rp_name_absent(size_t number);

/* marshal.c: the value at `index` as a tree. Never raises but for the budget. */
void rp_marshal(lua_State *L, struct rp_recorder *recorder, int index, struct rp_node *ret_node);
/* A constructor's result: userdata with this metatable in the registry. */
#define RP_CALL_METATABLE    "ripen.call"
#define RP_UNKNOWN_METATABLE "ripen.unknown" /* what an unknown name stands for */
struct rp_call_object {
    const struct rp_schema_call *call;
    uint32_t file;
    int line;
    int arguments; /* in the user value, a table */
};
struct rp_call_object *rp_call_object(lua_State *L, int index); /* NULL when it is none */
/* Keeps the function at `index` and returns its number. */
uint32_t rp_recorder_keep_function(lua_State *L, struct rp_recorder *recorder, int index);

/* place.c: gives the nodes of each declaration the places of the source text. */
struct rp_outline;
void rp_place_declared(struct rp_declared *declared, uint32_t count, uint32_t file,
                       const struct rp_outline *outline);
void rp_place_returned(struct rp_node *node, uint32_t file, const struct rp_outline *outline);
/* Reports keys given twice. */
void rp_place_duplicates(struct rp_diagnosis *diagnosis, uint32_t file,
                         const struct rp_outline *outline);

#endif
