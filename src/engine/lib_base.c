/* SPDX-License-Identifier: MIT */
/* assert error ipairs pairs select tonumber tostring type: as in Lua, but that pairs goes in order,
 * tostring shows no addresses, and nothing looks behind locks. */
#include "base/str.h"
#include "engine/sandbox.h"

#include <stdlib.h>

static int base_assert(lua_State *L)
{
    luaL_checkany(L, 1);
    if (lua_toboolean(L, 1))
        return lua_gettop(L);
    if (lua_type(L, 2) == LUA_TSTRING)
        return luaL_error(L, "%s", lua_tostring(L, 2));
    return luaL_error(L, "an assertion does not hold");
}

static int base_error(lua_State *L)
{
    lua_settop(L, 2);
    if (lua_type(L, 1) == LUA_TSTRING && luaL_optinteger(L, 2, 1) > 0) {
        luaL_where(L, 1);
        lua_pushvalue(L, 1);
        lua_concat(L, 2);
        return lua_error(L);
    }
    lua_settop(L, 1);
    return lua_error(L);
}

static int ipairs_next(lua_State *L)
{
    lua_Integer i = luaL_checkinteger(L, 2) + 1;

    lua_settop(L, 1);
    lua_pushinteger(L, i);
    return lua_geti(L, 1, i) == LUA_TNIL ? 1 : 2;
}

static int base_ipairs(lua_State *L)
{
    luaL_argexpected(L, lua_type(L, 1) == LUA_TTABLE || lua_type(L, 1) == LUA_TUSERDATA, 1,
                     "table");
    lua_settop(L, 1);
    lua_pushcfunction(L, ipairs_next);
    lua_insert(L, 1);
    lua_pushinteger(L, 0);
    return 3;
}

/* ---- pairs ----------------------------------------------------------------------------------- */

struct sort_key {
    int type; /* LUA_TNUMBER, LUA_TSTRING */
    bool whole;
    lua_Integer integer;
    lua_Number number;
    struct rp_str text; /* anchored by the table while nothing runs */
};

static int compare_keys(const void *left, const void *right)
{
    const struct sort_key *a = left, *b = right;

    if (a->type != b->type)
        return a->type == LUA_TNUMBER ? -1 : 1;
    if (a->type == LUA_TSTRING)
        return rp_str_cmp(a->text, b->text);
    if (a->whole && b->whole)
        return (a->integer > b->integer) - (a->integer < b->integer);
    return (a->number > b->number) - (a->number < b->number);
}

/* The keys of the raw table at 1 as a list, numbers before texts. Userdata holds them while they
 * are sorted, so that nothing is lost when memory is short. */
static void push_sorted_keys(lua_State *L)
{
    size_t count = 0, filled = 0;
    struct sort_key *keys;

    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1))
        count++;
    rp_sandbox_charge(L, 8 + 8 * count);
    keys = lua_newuserdatauv(L, sizeof *keys * (count + 1), 0);
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        struct sort_key *key = &keys[filled++];

        *key = (struct sort_key){.type = lua_type(L, -2)};
        if (key->type == LUA_TNUMBER) {
            key->whole = lua_isinteger(L, -2);
            key->integer = lua_tointeger(L, -2);
            key->number = lua_tonumber(L, -2);
        } else if (key->type == LUA_TSTRING) {
            key->text.ptr = lua_tolstring(L, -2, &key->text.len);
        } else {
            luaL_error(L, "pairs needs keys that are numbers or texts");
        }
    }
    if (count > 1)
        qsort(keys, count, sizeof *keys, compare_keys);
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        if (keys[i].type == LUA_TSTRING)
            lua_pushlstring(L, keys[i].text.ptr, keys[i].text.len);
        else if (keys[i].whole)
            lua_pushinteger(L, keys[i].integer);
        else
            lua_pushnumber(L, keys[i].number);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* Upvalues: the table, its keys in order, the number of the last one. */
static int pairs_next(lua_State *L)
{
    lua_Integer i = lua_tointeger(L, lua_upvalueindex(3));

    for (;;) {
        i++;
        rp_sandbox_charge(L, 1);
        if (lua_rawgeti(L, lua_upvalueindex(2), i) == LUA_TNIL)
            return 1;
        lua_pushinteger(L, i);
        lua_replace(L, lua_upvalueindex(3));
        lua_pushvalue(L, -1);
        if (lua_gettable(L, lua_upvalueindex(1)) != LUA_TNIL)
            return 2;
        lua_pop(L, 2); /* removed in the meantime */
    }
}

static int base_pairs(lua_State *L)
{
    bool locked;

    lua_settop(L, 1);
    if (lua_type(L, 1) == LUA_TUSERDATA && luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
        lua_insert(L, 1);
        lua_call(L, 1, 1); /* a view of host data answers with a plain table */
        lua_settop(L, 1);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    locked = rp_sandbox_unlock(L, 1);
    if (locked)
        lua_replace(L, 1);
    push_sorted_keys(L); /* stack: table, userdata of the sort, keys */
    lua_remove(L, 2);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, pairs_next, 3);
    return 1;
}

/* ---- Others ---------------------------------------------------------------------------------- */

static int base_select(lua_State *L)
{
    int count = lua_gettop(L);
    lua_Integer i;

    if (lua_type(L, 1) == LUA_TSTRING && lua_tostring(L, 1)[0] == '#') {
        lua_pushinteger(L, count - 1);
        return 1;
    }
    i = luaL_checkinteger(L, 1);
    if (i < 0)
        i = count + i;
    else if (i > count)
        i = count;
    luaL_argcheck(L, 1 <= i, 1, "index out of range");
    return count - (int)i;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'Z')
        return c - 'A' + 10;
    return 99;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* tonumber("ff", 16) */
static int number_in_base(lua_State *L, int base)
{
    size_t len, at = 0;
    const char *text = luaL_checklstring(L, 1, &len);
    lua_Unsigned value = 0;
    bool negative, digits = false;

    rp_sandbox_charge(L, 1 + len / 16);
    while (at < len && is_blank(text[at]))
        at++;
    negative = at < len && text[at] == '-';
    at += negative;
    while (at < len && digit_of(text[at]) < base) {
        value = value * (lua_Unsigned)base + (lua_Unsigned)digit_of(text[at++]);
        digits = true;
    }
    while (at < len && is_blank(text[at]))
        at++;
    if (!digits || at != len)
        lua_pushnil(L);
    else
        lua_pushinteger(L, (lua_Integer)(negative ? 0u - value : value));
    return 1;
}

static int base_tonumber(lua_State *L)
{
    luaL_checkany(L, 1);
    if (!lua_isnoneornil(L, 2)) {
        lua_Integer base = luaL_checkinteger(L, 2);

        luaL_argcheck(L, 2 <= base && base <= 36, 2, "base out of range");
        return number_in_base(L, (int)base);
    }
    if (lua_type(L, 1) == LUA_TNUMBER) {
        lua_settop(L, 1);
        return 1;
    }
    if (lua_type(L, 1) == LUA_TSTRING) {
        size_t len = lua_rawlen(L, 1);

        rp_sandbox_charge(L, 1 + len / 16);
        if (lua_stringtonumber(L, lua_tostring(L, 1)) == len + 1)
            return 1;
    }
    lua_pushnil(L);
    return 1;
}

static const char *type_name(lua_State *L, int index)
{
    if (lua_type(L, index) == LUA_TUSERDATA)
        return luaL_getmetafield(L, index, "__pairs") != LUA_TNIL ? "table" : "value";
    return luaL_typename(L, index);
}

static int base_tostring(lua_State *L)
{
    luaL_checkany(L, 1);
    switch (lua_type(L, 1)) {
    case LUA_TSTRING:
        lua_settop(L, 1);
        return 1;
    case LUA_TNUMBER:
        lua_settop(L, 1);
        (void)lua_tostring(L, 1); /* converts the copy on the stack */
        return 1;
    case LUA_TBOOLEAN:
        lua_pushstring(L, lua_toboolean(L, 1) ? "true" : "false");
        return 1;
    default:
        lua_pushstring(L, type_name(L, 1));
        return 1;
    }
}

static int base_type(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_pushstring(L, type_name(L, 1));
    return 1;
}

void rp_lib_base(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"assert", base_assert},     {"error", base_error},   {"ipairs", base_ipairs},
        {"pairs", base_pairs},       {"select", base_select}, {"tonumber", base_tonumber},
        {"tostring", base_tostring}, {"type", base_type},     {NULL, NULL}};

    luaL_setfuncs(L, functions, 0);
}
