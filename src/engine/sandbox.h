/* SPDX-License-Identifier: MIT */
/* The cage that Lua runs in. A state with a heap limit, a budget of steps that decides the outcome
 * (instructions, and every library function's work in C), locked environments and an allow-list. No
 * metatables, coroutines, protected calls or loading can be reached from a script, so nothing that
 * raises is caught by it. One thread at a time. */
#ifndef RP_ENGINE_SANDBOX_H
#define RP_ENGINE_SANDBOX_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lauxlib.h>
#include <lua.h>

enum rp_trip {
    RP_TRIP_NONE,
    RP_TRIP_SYNTAX,
    RP_TRIP_ERROR,  /* the script raised, or a library function did */
    RP_TRIP_STEPS,  /* the budget is spent */
    RP_TRIP_MEMORY, /* the heap limit is reached: the state is to be thrown away */
};

enum rp_phase {
    RP_PHASE_DECLARE, /* files run and declare */
    RP_PHASE_TEST,    /* a test function runs */
};

struct rp_sandbox {
    uint32_t magic;
    lua_State *L;
    size_t used, cap; /* bytes */
    uint32_t refused; /* allocations beyond the limit in this call */
    int64_t steps_left, steps_given;
    bool tripped;
    enum rp_phase phase;
    void *host; /* of whoever runs scripts: the recorder of declarations, the test's event */
    /* Asked for a name that no environment has, and for a write to one (`write`). Leaves one value
     * on the stack, or raises. NULL: raises. */
    int (*unknown)(lua_State *L, const char *name, bool write);
    char message[400]; /* of the last failure; without place */
    char file[128];
    int line;             /* 0: unknown */
    const char *last_nil; /* what a view answered nil to last, for messages; "" when nothing */
    char last_nil_text[96];
};

/* Opens a state with the libraries of the allow-list. NULL with err when there is no memory. */
struct rp_sandbox *rp_sandbox_new(size_t heap_bytes, struct rp_err *err);
void rp_sandbox_free(struct rp_sandbox *sandbox);

/* A new budget for what is called next. */
void rp_sandbox_begin(struct rp_sandbox *sandbox, enum rp_phase phase, uint64_t steps);
uint64_t rp_sandbox_steps(const struct rp_sandbox *sandbox); /* used since then */

/* Compiles a text chunk with an environment of its own and leaves the function on the stack. */
enum rp_trip rp_sandbox_compile(struct rp_sandbox *sandbox, const char *path, struct rp_str text);
/* lua_pcall with the sandbox's handler: on failure nothing is left and message, file, line are set.
 */
enum rp_trip rp_sandbox_call(struct rp_sandbox *sandbox, int arguments, int results);
/* Runs `function(L)` protected, with `argument` as light userdata. */
enum rp_trip rp_sandbox_protect(struct rp_sandbox *sandbox, lua_CFunction function, void *argument);

/* ---- For functions that scripts call (they may raise) -----------------------------------------
 */

struct rp_sandbox *rp_sandbox_of(lua_State *L);
void rp_sandbox_charge(lua_State *L, uint64_t steps);
/* Raises when a text of this length would be too long; charges for making it. */
void rp_sandbox_charge_text(lua_State *L, uint64_t len);

/* Pushes the table that all environments read from. */
void rp_sandbox_push_globals(lua_State *L);
/* Replaces the table on top by a read-only view of it; reads, #, ipairs and pairs work on the view.
 * The view of one table is one value only if the caller keeps it. */
void rp_sandbox_lock(lua_State *L, const char *what);
/* Pushes the table behind a locked view at `index`; false (nothing pushed) when it is none. */
bool rp_sandbox_unlock(lua_State *L, int index);

/* Libraries; each adds its functions to the table on top of the stack. */
void rp_lib_base(lua_State *L);
void rp_lib_string(lua_State *L);
void rp_lib_table(lua_State *L);
void rp_lib_math(lua_State *L);
void rp_lib_text(lua_State *L);

/* Adds `functions` as a locked library NAME to the table on top. */
void rp_lib_add(lua_State *L, const char *name, const luaL_Reg *functions);

/* The last failure as an author reads it, with a remedy (may be ""): Lua's own sentences are
 * replaced, those of error() and of our libraries stay. */
void rp_sandbox_explain(const struct rp_sandbox *sandbox, char *text, size_t size, char *hint,
                        size_t hint_size);

#endif
