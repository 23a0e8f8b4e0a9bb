/* SPDX-License-Identifier: MIT */
/* Walks the upvalues of a function, those of the functions in them, and the tables in between. The
 * list that it makes is flat: function, number of the upvalue, value, function, … Invariant: what
 * is locked is locked in place, so that two functions that share a table share the locked one. */
#include "engine/vm_freeze.h"

#include "engine/sandbox.h"

#define DEPTH_MAX 60

static char nil_mark, seen_key;

struct walk {
    int list;          /* stack index */
    lua_Integer count; /* entries in it */
    int seen;          /* stack index: function or table → true or its locked view */
};

static void walk_function(lua_State *L, struct walk *walk, int index, int depth);

/* Replaces the table on top by its locked view. */
static void walk_table(lua_State *L, struct walk *walk, int depth)
{
    int table = lua_gettop(L);

    luaL_checkstack(L, 12, "nested too deeply");
    if (depth > DEPTH_MAX)
        luaL_error(L, "a table outside of the function is nested too deeply");
    if (rp_sandbox_unlock(L, table)) { /* a library, or done already */
        lua_pop(L, 1);
        return;
    }
    if (lua_getmetatable(L, table)) { /* the file's environment */
        lua_pop(L, 1);
        return;
    }
    lua_pushvalue(L, table);
    if (lua_rawget(L, walk->seen) != LUA_TNIL) {
        lua_replace(L, table);
        return;
    }
    lua_pop(L, 1);
    lua_pushvalue(L, table); /* key of seen */
    lua_pushvalue(L, table);
    rp_sandbox_lock(L, "a table outside of the function");
    lua_pushvalue(L, -1);
    lua_insert(L, -3);
    lua_rawset(L, walk->seen); /* stack: table, view */
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
        rp_sandbox_charge(L, 1);
        if (lua_type(L, -1) == LUA_TTABLE) {
            walk_table(L, walk, depth + 1);
            lua_pushvalue(L, -2);
            lua_pushvalue(L, -2);
            lua_rawset(L, table); /* an existing field may be changed while walking */
        } else if (lua_type(L, -1) == LUA_TFUNCTION) {
            walk_function(L, walk, lua_gettop(L), depth + 1);
        }
    }
    lua_replace(L, table);
}

static void note(lua_State *L, struct walk *walk, int function, int number)
{
    lua_pushvalue(L, function);
    lua_rawseti(L, walk->list, ++walk->count);
    lua_pushinteger(L, number);
    lua_rawseti(L, walk->list, ++walk->count);
    if (lua_getupvalue(L, function, number) != NULL && lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushlightuserdata(L, &nil_mark);
    }
    lua_rawseti(L, walk->list, ++walk->count);
}

static void walk_function(lua_State *L, struct walk *walk, int index, int depth)
{
    luaL_checkstack(L, 12, "nested too deeply");
    if (depth > DEPTH_MAX)
        luaL_error(L, "functions outside of the function are nested too deeply");
    if (lua_iscfunction(L, index))
        return;
    lua_pushvalue(L, index);
    if (lua_rawget(L, walk->seen) != LUA_TNIL) {
        lua_pop(L, 1);
        return;
    }
    lua_pop(L, 1);
    lua_pushvalue(L, index);
    lua_pushboolean(L, true);
    lua_rawset(L, walk->seen);
    for (int number = 1; lua_getupvalue(L, index, number) != NULL; number++) {
        rp_sandbox_charge(L, 4);
        if (lua_type(L, -1) == LUA_TTABLE) {
            walk_table(L, walk, depth + 1);
            lua_setupvalue(L, index, number);
        } else {
            if (lua_type(L, -1) == LUA_TFUNCTION)
                walk_function(L, walk, lua_gettop(L), depth + 1);
            lua_pop(L, 1);
        }
        note(L, walk, index, number);
    }
}

/* Views of tables are remembered from function to function of one state: they share tables. */
static void push_seen(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &seen_key) == LUA_TTABLE)
        return;
    lua_pop(L, 1);
    lua_createtable(L, 0, 0);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &seen_key);
}

/* Functions are walked anew for each test, since each test needs its own list. */
static void forget_functions(lua_State *L, int seen)
{
    for (lua_pushnil(L); lua_next(L, seen); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TFUNCTION)
            continue;
        lua_pushvalue(L, -2);
        lua_pushnil(L);
        lua_rawset(L, seen);
    }
}

void rp_vm_freeze(lua_State *L)
{
    struct walk walk = {.seen = 0};
    int function = lua_gettop(L);

    push_seen(L);
    walk.seen = lua_gettop(L);
    forget_functions(L, walk.seen);
    lua_createtable(L, 0, 0);
    walk.list = lua_gettop(L);
    walk_function(L, &walk, function, 0);
    lua_replace(L, function);
    lua_settop(L, function);
}

static bool is_same(lua_State *L, int a, int b)
{
    if (lua_rawequal(L, a, b))
        return true;
    return lua_type(L, a) == LUA_TNUMBER && lua_type(L, b) == LUA_TNUMBER &&
           lua_tonumber(L, a) != lua_tonumber(L, a) && lua_tonumber(L, b) != lua_tonumber(L, b);
}

bool rp_vm_thaw(lua_State *L)
{
    int list = lua_gettop(L), function = list + 1, before = list + 2;
    lua_Integer count = (lua_Integer)lua_rawlen(L, list);
    const char *changed = NULL;

    for (lua_Integer i = 1; i < count; i += 3) {
        const char *name;
        int number;

        lua_rawgeti(L, list, i);
        lua_rawgeti(L, list, i + 2);
        if (lua_touserdata(L, before) == &nil_mark) {
            lua_pushnil(L);
            lua_replace(L, before);
        }
        lua_rawgeti(L, list, i + 1);
        number = (int)lua_tointeger(L, -1);
        lua_pop(L, 1);
        name = lua_getupvalue(L, function, number);
        if (!is_same(L, before, before + 1)) {
            if (changed == NULL)
                changed = name;
            lua_pushvalue(L, before);
            lua_setupvalue(L, function, number);
        }
        lua_settop(L, list);
    }
    if (changed == NULL)
        return false;
    lua_pushstring(L, changed);
    return true;
}
