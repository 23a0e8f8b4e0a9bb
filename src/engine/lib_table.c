/* SPDX-License-Identifier: MIT */
/* table.concat insert remove sort, each charged for the work that it does. Sorting merges, so that
 * it ends whatever the order function says, and equal elements keep their order. */
#include "base/limits.h"
#include "engine/sandbox.h"

/* Locked tables have a metatable: they can be read (concat), never changed. */
static lua_Integer open_length(lua_State *L, int index)
{
    luaL_checktype(L, index, LUA_TTABLE);
    if (rp_sandbox_unlock(L, index))
        luaL_error(L, "this table cannot be changed");
    return (lua_Integer)lua_rawlen(L, index);
}

static int table_insert(lua_State *L)
{
    lua_Integer end = open_length(L, 1) + 1, at = end;

    switch (lua_gettop(L)) {
    case 2:
        break;
    case 3:
        at = luaL_checkinteger(L, 2);
        luaL_argcheck(L, at >= 1 && at <= end, 2, "position out of bounds");
        rp_sandbox_charge(L, 1 + (uint64_t)(end - at) / 2);
        for (lua_Integer i = end; i > at; i--) {
            lua_rawgeti(L, 1, i - 1);
            lua_rawseti(L, 1, i);
        }
        break;
    default:
        return luaL_error(L, "wrong number of arguments to 'insert'");
    }
    lua_rawseti(L, 1, at);
    return 0;
}

static int table_remove(lua_State *L)
{
    lua_Integer size = open_length(L, 1), at = luaL_optinteger(L, 2, size);

    if (lua_gettop(L) > 1)
        luaL_argcheck(L, (size == 0 && (at == 0 || at == size)) || (at >= 1 && at <= size + 1), 2,
                      "position out of bounds");
    lua_rawgeti(L, 1, at);
    if (at < size)
        rp_sandbox_charge(L, 1 + (uint64_t)(size - at) / 2);
    for (; at < size; at++) {
        lua_rawgeti(L, 1, at + 1);
        lua_rawseti(L, 1, at);
    }
    lua_pushnil(L);
    lua_rawseti(L, 1, at);
    return 1;
}

static int table_concat(lua_State *L)
{
    size_t gap_len, len, total = 0;
    const char *gap = luaL_optlstring(L, 2, "", &gap_len);
    lua_Integer first = luaL_optinteger(L, 3, 1), last;
    luaL_Buffer buffer;

    luaL_checktype(L, 1, LUA_TTABLE);
    if (rp_sandbox_unlock(L, 1))
        lua_replace(L, 1);
    last = luaL_optinteger(L, 4, (lua_Integer)lua_rawlen(L, 1));
    lua_settop(L, 4);
    for (lua_Integer i = first; i <= last; i++) {
        int type = lua_rawgeti(L, 1, i);

        if (type != LUA_TSTRING && type != LUA_TNUMBER)
            return luaL_error(L, "element %I cannot be joined: it is no text and no number", i);
        (void)lua_tolstring(L, -1, &len);
        total += len + (i < last ? gap_len : 0);
        rp_sandbox_charge(L, 1 + (len + gap_len) / 16);
        if (total > RP_RULE_STRING_MAX)
            return luaL_error(L, "a text would be longer than %d bytes", RP_RULE_STRING_MAX);
        lua_pop(L, 1);
        if (i == LUA_MAXINTEGER)
            break;
    }
    luaL_buffinitsize(L, &buffer, total);
    for (lua_Integer i = first; i <= last; i++) {
        lua_rawgeti(L, 1, i);
        luaL_addvalue(&buffer);
        if (i == last)
            break;
        luaL_addlstring(&buffer, gap, gap_len);
    }
    luaL_pushresult(&buffer);
    return 1;
}

/* ---- sort ------------------------------------------------------------------------------------ */

/* Whether the element at stack index a goes behind the one at b. */
static bool goes_behind(lua_State *L, int a, int b, bool has_order)
{
    bool result;

    rp_sandbox_charge(L, 2);
    if (!has_order)
        return lua_compare(L, b, a, LUA_OPLT);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, b - (b < 0));
    lua_pushvalue(L, a - (a < 0) * 2);
    lua_call(L, 2, 1);
    result = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return result;
}

/* Merges [low, middle) and [middle, high) of the table at `from` into the one at `to`. */
static void merge(lua_State *L, int from, int to, lua_Integer low, lua_Integer middle,
                  lua_Integer high, bool has_order)
{
    lua_Integer left = low, right = middle;

    for (lua_Integer at = low; at < high; at++) {
        bool take_right = left >= middle;

        if (left < middle && right < high) {
            lua_rawgeti(L, from, left);
            lua_rawgeti(L, from, right);
            take_right = goes_behind(L, -2, -1, has_order);
            lua_pop(L, 2);
        }
        rp_sandbox_charge(L, 1);
        lua_rawgeti(L, from, take_right ? right++ : left++);
        lua_rawseti(L, to, at);
    }
}

static int table_sort(lua_State *L)
{
    lua_Integer count = open_length(L, 1);
    bool has_order = !lua_isnoneornil(L, 2);
    int from = 1, to = 3;

    if (has_order)
        luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    if (count < 2)
        return 0;
    rp_sandbox_charge(L, (uint64_t)count);
    lua_createtable(L, count < RP_RULE_STRING_MAX ? (int)count : 0, 0);
    for (lua_Integer width = 1; width < count; width *= 2) {
        for (lua_Integer low = 1; low <= count; low += 2 * width) {
            lua_Integer middle = low + width > count + 1 ? count + 1 : low + width;
            lua_Integer high = low + 2 * width > count + 1 ? count + 1 : low + 2 * width;

            merge(L, from, to, low, middle, high, has_order);
        }
        from = from == 1 ? 3 : 1;
        to = from == 1 ? 3 : 1;
    }
    for (lua_Integer i = 1; from == 3 && i <= count; i++) {
        lua_rawgeti(L, 3, i);
        lua_rawseti(L, 1, i);
    }
    return 0;
}

void rp_lib_table(lua_State *L)
{
    static const luaL_Reg functions[] = {{"concat", table_concat},
                                         {"insert", table_insert},
                                         {"remove", table_remove},
                                         {"sort", table_sort},
                                         {NULL, NULL}};

    rp_lib_add(L, "table", functions);
}
