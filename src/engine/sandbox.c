/* SPDX-License-Identifier: MIT */
/* The Lua state, its heap limit, its budget and its locked environments. Knows nothing of rules.
 * Invariants: once a budget is spent, the count hook fires at every instruction until the call is
 * over, so that nothing can go on; the heap is charged in the allocator only for objects whose size
 * depends on the script alone, so that a second run is charged the same; a memory failure makes the
 * state unfit for further use. */
#include "engine/sandbox.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/diagnose.h"

#include <stdio.h>
#include <stdlib.h>

#define MAGIC           0x52534258u
#define HOOK_PERIOD     100 /* the period does not change the cost: 5.4 looks at every instruction */
#define BYTES_A_STEP    16
#define REFUSALS_MAX    1 /* each makes Lua collect everything */
#define STEPS_AN_OBJECT 8
#define SHORT_TEXT      (40 + 32) /* interned texts: whether they are new depends on the past */
#define STRING_HEADER   64
#define LOCKED_NAME     "a locked table"

static char tripped_mark, globals_key, env_key, locked_key, what_key;

struct rp_sandbox *rp_sandbox_of(lua_State *L)
{
    struct rp_sandbox *sandbox = *(struct rp_sandbox **)lua_getextraspace(L);

    RP_CHECK_OBJ(sandbox, MAGIC);
    return sandbox;
}

/* ---- Heap ------------------------------------------------------------------------------------ */

static void charge_object(struct rp_sandbox *sandbox, size_t type, size_t size)
{
    if ((type == LUA_TSTRING && size > SHORT_TEXT) || type == LUA_TUSERDATA)
        sandbox->steps_left -= (int64_t)(STEPS_AN_OBJECT + size / BYTES_A_STEP);
    else if (type == LUA_TTABLE || type == LUA_TFUNCTION)
        sandbox->steps_left -= STEPS_AN_OBJECT;
}

/* With ptr NULL, Lua hands the type of the new object as old_size. */
static void *allocate(void *context, void *ptr, size_t old_size, size_t size)
{
    struct rp_sandbox *sandbox = context;
    size_t type = ptr == NULL ? old_size : 0;
    void *wider;

    if (ptr == NULL)
        old_size = 0;
    if (size == 0) {
        sandbox->used -= old_size;
        free(ptr);
        return NULL;
    }
    if (size > old_size && sandbox->used + (size - old_size) > sandbox->cap) {
        sandbox->refused++;
        return NULL;
    }
    if (type == LUA_TSTRING && size > RP_RULE_STRING_MAX + STRING_HEADER)
        return NULL;
    wider = realloc(ptr, size);
    if (wider == NULL)
        return NULL;
    sandbox->used += size;
    sandbox->used -= old_size;
    charge_object(sandbox, type, size);
    return wider;
}

/* ---- Budget ---------------------------------------------------------------------------------- */

static void on_count(lua_State *L, lua_Debug *ar);

_Noreturn static void trip(lua_State *L)
{
    struct rp_sandbox *sandbox = rp_sandbox_of(L);

    sandbox->tripped = true;
    lua_sethook(L, on_count, LUA_MASKCOUNT, 1);
    lua_pushlightuserdata(L, &tripped_mark);
    lua_error(L);
    RP_UNREACHABLE();
}

static void on_count(lua_State *L, lua_Debug *ar)
{
    struct rp_sandbox *sandbox = rp_sandbox_of(L);

    (void)ar;
    if (!sandbox->tripped)
        sandbox->steps_left -= HOOK_PERIOD;
    if (sandbox->tripped || sandbox->steps_left < 0 || sandbox->refused > REFUSALS_MAX)
        trip(L);
}

void rp_sandbox_charge(lua_State *L, uint64_t steps)
{
    struct rp_sandbox *sandbox = rp_sandbox_of(L);

    sandbox->steps_left -= steps > INT64_MAX / 4 ? INT64_MAX / 4 : (int64_t)steps;
    if (sandbox->steps_left < 0)
        trip(L);
}

void rp_sandbox_charge_text(lua_State *L, uint64_t len)
{
    rp_sandbox_charge(L, 1 + len / (4 * BYTES_A_STEP)); /* making it is charged by the heap */
    if (len > RP_RULE_STRING_MAX)
        luaL_error(L, "a text would be longer than %d bytes", RP_RULE_STRING_MAX);
}

void rp_sandbox_begin(struct rp_sandbox *sandbox, enum rp_phase phase, uint64_t steps)
{
    RP_ASSERT(steps <= INT64_MAX / 4);
    sandbox->phase = phase;
    sandbox->tripped = false;
    sandbox->refused = 0;
    sandbox->steps_left = sandbox->steps_given = (int64_t)steps;
    sandbox->last_nil = "";
    lua_sethook(sandbox->L, on_count, LUA_MASKCOUNT, HOOK_PERIOD);
}

uint64_t rp_sandbox_steps(const struct rp_sandbox *sandbox)
{
    int64_t left = sandbox->steps_left < 0 ? 0 : sandbox->steps_left;

    return (uint64_t)(sandbox->steps_given - left);
}

/* ---- Protected calls ------------------------------------------------------------------------- */

/* Finds the innermost line of a script. Allocates nothing that could fail. */
static void note_place(lua_State *L, struct rp_sandbox *sandbox)
{
    lua_Debug ar;

    sandbox->line = 0;
    sandbox->file[0] = '\0';
    for (int level = 0; level < 32 && lua_getstack(L, level, &ar); level++) {
        if (!lua_getinfo(L, "Sl", &ar) || ar.currentline <= 0)
            continue;
        sandbox->line = ar.currentline;
        snprintf(sandbox->file, sizeof sandbox->file, "%s",
                 ar.source[0] == '@' ? ar.source + 1 : ar.source);
        return;
    }
}

/* Messages of Lua and of luaL_error start with "file:line: ", which the place says already. */
static const char *without_place(const char *text, int line)
{
    char mark[24];
    const char *found;

    if (line <= 0)
        return text;
    snprintf(mark, sizeof mark, ":%d: ", line);
    found = strstr(text, mark);
    return found && found - text < LUA_IDSIZE ? found + strlen(mark) : text;
}

/* Never converts a value: an error object of a script is looked at by its type alone. */
static int on_error(lua_State *L)
{
    struct rp_sandbox *sandbox = rp_sandbox_of(L);

    note_place(L, sandbox);
    if (lua_type(L, 1) == LUA_TSTRING)
        snprintf(sandbox->message, sizeof sandbox->message, "%s",
                 without_place(lua_tostring(L, 1), sandbox->line));
    else if (lua_touserdata(L, 1) == &tripped_mark)
        snprintf(sandbox->message, sizeof sandbox->message, "it takes too many steps");
    else
        snprintf(sandbox->message, sizeof sandbox->message, "it raised an error that is a %s",
                 lua_typename(L, lua_type(L, 1)));
    return 1;
}

enum rp_trip rp_sandbox_call(struct rp_sandbox *sandbox, int arguments, int results)
{
    lua_State *L = sandbox->L;
    int base = lua_gettop(L) - arguments;
    int status;

    sandbox->message[0] = '\0';
    lua_pushcfunction(L, on_error);
    lua_insert(L, base);
    status = lua_pcall(L, arguments, results, base);
    lua_remove(L, base);
    if (status == LUA_OK)
        return RP_TRIP_NONE;
    lua_pop(L, 1);
    if (sandbox->tripped && sandbox->refused <= REFUSALS_MAX)
        return RP_TRIP_STEPS;
    if (status == LUA_ERRMEM || sandbox->tripped) {
        snprintf(sandbox->message, sizeof sandbox->message, "it needs more than %zu MiB of memory",
                 sandbox->cap >> 20);
        return RP_TRIP_MEMORY;
    }
    return RP_TRIP_ERROR;
}

enum rp_trip rp_sandbox_protect(struct rp_sandbox *sandbox, lua_CFunction function, void *argument)
{
    lua_pushcfunction(sandbox->L, function);
    lua_pushlightuserdata(sandbox->L, argument);
    return rp_sandbox_call(sandbox, 1, 0);
}

/* ---- Locked tables --------------------------------------------------------------------------- */

static int refuse_write(lua_State *L)
{
    lua_getmetatable(L, 1);
    lua_rawgetp(L, -1, &what_key);
    return luaL_error(L, "%s cannot be changed",
                      lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : LOCKED_NAME);
}

static int locked_length(lua_State *L)
{
    if (!rp_sandbox_unlock(L, 1))
        return luaL_error(L, "no list");
    lua_pushinteger(L, (lua_Integer)lua_rawlen(L, -1));
    return 1;
}

void rp_sandbox_lock(lua_State *L, const char *what)
{
    int real = lua_gettop(L);

    luaL_checkstack(L, 6, "nested too deeply");
    lua_createtable(L, 0, 0);
    lua_createtable(L, 0, 6);
    lua_pushvalue(L, real);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, refuse_write);
    lua_setfield(L, -2, "__newindex");
    lua_pushcfunction(L, locked_length);
    lua_setfield(L, -2, "__len");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pushvalue(L, real);
    lua_rawsetp(L, -2, &locked_key);
    lua_pushstring(L, what);
    lua_rawsetp(L, -2, &what_key);
    lua_setmetatable(L, -2);
    lua_replace(L, real);
}

bool rp_sandbox_unlock(lua_State *L, int index)
{
    if (lua_type(L, index) != LUA_TTABLE || !lua_getmetatable(L, index))
        return false;
    if (lua_rawgetp(L, -1, &locked_key) == LUA_TTABLE) {
        lua_remove(L, -2);
        return true;
    }
    lua_pop(L, 2);
    return false;
}

/* ---- Environments ---------------------------------------------------------------------------- */

void rp_sandbox_push_globals(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &globals_key);
}

/* Inside a function that runs for events, with what was perhaps meant. */
static int unknown_in_test(lua_State *L, const char *name)
{
    static const char *const names[] = {"assert",   "error",       "ipairs",    "pairs",  "select",
                                        "tonumber", "tostring",    "type",      "string", "table",
                                        "math",     "utf8",        "event",     "lead",   "past",
                                        "contains", "starts_with", "ends_with", "word",   "glob"};
    struct rp_guess guess = rp_guess(rp_str_from(name));

    for (size_t i = 0; i < RP_COUNT(names); i++)
        rp_guess_offer(&guess, rp_str_from(names[i]));
    if (guess.best.len == 0)
        return luaL_error(L, "unknown name '%s'", name);
    return luaL_error(L, "unknown name '%s'; did you mean '%s'?", name, guess.best.ptr);
}

static int unknown_read(lua_State *L)
{
    struct rp_sandbox *sandbox = rp_sandbox_of(L);

    if (lua_type(L, 2) != LUA_TSTRING)
        return luaL_error(L, "unknown name");
    if (sandbox->phase == RP_PHASE_DECLARE && sandbox->unknown)
        return sandbox->unknown(L, lua_tostring(L, 2), false);
    return unknown_in_test(L, lua_tostring(L, 2));
}

/* At load a write to a new name is reported and the name is known from then on, so that one slip is
 * one finding. */
static int unknown_write(lua_State *L)
{
    struct rp_sandbox *sandbox = rp_sandbox_of(L);

    if (lua_type(L, 2) != LUA_TSTRING)
        return luaL_error(L, "a variable needs a name");
    if (sandbox->phase != RP_PHASE_DECLARE || sandbox->unknown == NULL)
        return luaL_error(L, "'%s' is no variable of the function; write `local %s = …`",
                          lua_tostring(L, 2), lua_tostring(L, 2));
    lua_pushvalue(L, 2);
    sandbox->unknown(L, lua_tostring(L, 2), true);
    lua_rawset(L, 1);
    return 0;
}

static void push_environment(lua_State *L)
{
    lua_createtable(L, 0, 0);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &env_key);
    lua_setmetatable(L, -2);
}

struct chunk {
    const char *path;
    struct rp_str text;
    bool syntax;
};

static int compile(lua_State *L)
{
    struct chunk *chunk = lua_touserdata(L, 1);
    const char *name = lua_pushfstring(L, "@%s", chunk->path);
    int status;

    lua_gc(L, LUA_GCSTOP);
    status =
        luaL_loadbufferx(L, chunk->text.ptr ? chunk->text.ptr : "", chunk->text.len, name, "t");
    lua_gc(L, LUA_GCRESTART);
    if (status != LUA_OK) {
        chunk->syntax = status != LUA_ERRMEM;
        return lua_error(L);
    }
    push_environment(L);
    lua_setupvalue(L, -2, 1);
    return 1;
}

/* "file:12: '}' expected near 'x'": the line stands in the message alone. */
static void split_syntax(struct rp_sandbox *sandbox, const char *path)
{
    const char *at = sandbox->message;
    const char *colon = at;

    while ((colon = strchr(colon, ':')) != NULL) {
        char *end;
        long line = strtol(colon + 1, &end, 10);

        if (end != colon + 1 && end[0] == ':' && end[1] == ' ') {
            sandbox->line = (int)line;
            memmove(sandbox->message, end + 2, strlen(end + 2) + 1);
            break;
        }
        colon++;
    }
    snprintf(sandbox->file, sizeof sandbox->file, "%s", path);
}

enum rp_trip rp_sandbox_compile(struct rp_sandbox *sandbox, const char *path, struct rp_str text)
{
    struct chunk chunk = {.path = path, .text = text};
    enum rp_trip trip_kind;

    if (rp_str_starts(text, RP_STR("\xef\xbb\xbf")))
        chunk.text = (struct rp_str){text.ptr + 3, text.len - 3};
    lua_pushcfunction(sandbox->L, compile);
    lua_pushlightuserdata(sandbox->L, &chunk);
    trip_kind = rp_sandbox_call(sandbox, 1, 1);
    if (trip_kind == RP_TRIP_ERROR && chunk.syntax) {
        split_syntax(sandbox, path);
        return RP_TRIP_SYNTAX;
    }
    return trip_kind;
}

/* ---- Setting up ------------------------------------------------------------------------------ */

void rp_lib_add(lua_State *L, const char *name, const luaL_Reg *functions)
{
    lua_createtable(L, 0, 16);
    luaL_setfuncs(L, functions, 0);
    lua_pushfstring(L, "the library '%s'", name);
    lua_insert(L, -2);
    rp_sandbox_lock(L, lua_tostring(L, -2));
    lua_remove(L, -2);
    lua_setfield(L, -2, name);
}

/* Texts have their library's functions as methods, and a metatable that nobody can reach. */
static void lock_texts(lua_State *L)
{
    lua_pushliteral(L, "");
    lua_createtable(L, 0, 2);
    lua_getfield(L, -3, "string");
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}

/* The first long buffer of a state makes a metatable, which no call is to be charged for: the same
 * call must cost the same in a new state and in an old one. */
static void first_box(lua_State *L)
{
    luaL_Buffer buffer;

    (void)luaL_buffinitsize(L, &buffer, 2 * LUAL_BUFFERSIZE);
    luaL_pushresultsize(&buffer, 0);
    lua_pop(L, 1);
}

static int set_up(lua_State *L)
{
    lua_settop(L, 0);
    lua_createtable(L, 0, 128); /* globals */
    first_box(L);
    rp_lib_base(L);
    rp_lib_string(L);
    rp_lib_table(L);
    rp_lib_math(L);
    rp_lib_text(L);
    lock_texts(L);
    lua_createtable(L, 0, 2);
    lua_pushcfunction(L, unknown_read);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &globals_key);

    lua_createtable(L, 0, 3); /* metatable of all environments */
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, unknown_write);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &env_key);
    return 0;
}

static int on_panic(lua_State *L)
{
    (void)L;
    rp_check_failed("an error of Lua outside a protected call", __FILE__, __LINE__);
}

struct rp_sandbox *rp_sandbox_new(size_t heap_bytes, struct rp_err *err)
{
    struct rp_sandbox *sandbox = rp_calloc(1, sizeof *sandbox);

    sandbox->magic = MAGIC;
    sandbox->cap = heap_bytes;
    sandbox->last_nil = "";
    sandbox->L = lua_newstate(allocate, sandbox);
    if (sandbox->L == NULL)
        goto fail;
    lua_atpanic(sandbox->L, on_panic);
    *(struct rp_sandbox **)lua_getextraspace(sandbox->L) = sandbox;
    rp_sandbox_begin(sandbox, RP_PHASE_DECLARE, RP_LOAD_STEPS_MAX);
    if (rp_sandbox_protect(sandbox, set_up, NULL) != RP_TRIP_NONE)
        goto fail;
    return sandbox;
fail:
    (void)rp_err_set(err, RIPEN_EBUDGET, "no memory for a Lua state of %zu bytes", heap_bytes);
    rp_sandbox_free(sandbox);
    return NULL;
}

void rp_sandbox_free(struct rp_sandbox *sandbox)
{
    if (sandbox == NULL)
        return;
    RP_CHECK_OBJ(sandbox, MAGIC);
    if (sandbox->L) {
        lua_sethook(sandbox->L, NULL, 0, 0);
        lua_close(sandbox->L);
    }
    sandbox->magic = 0;
    free(sandbox);
}
