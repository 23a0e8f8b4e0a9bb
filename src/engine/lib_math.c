/* SPDX-License-Identifier: MIT */
/* math without random, and utf8.len codepoint char. */
#include "base/limits.h"
#include "engine/sandbox.h"

#include <math.h>

/* ---- math ------------------------------------------------------------------------------------ */

static int math_abs(lua_State *L)
{
    if (lua_isinteger(L, 1)) {
        lua_Integer n = lua_tointeger(L, 1);

        lua_pushinteger(L, n < 0 ? (lua_Integer)(0u - (lua_Unsigned)n) : n);
    } else {
        lua_pushnumber(L, fabs(luaL_checknumber(L, 1)));
    }
    return 1;
}

static void push_whole(lua_State *L, lua_Number value)
{
    lua_Integer n;

    if (lua_numbertointeger(value, &n))
        lua_pushinteger(L, n);
    else
        lua_pushnumber(L, value);
}

static int math_ceil(lua_State *L)
{
    if (lua_isinteger(L, 1))
        lua_settop(L, 1);
    else
        push_whole(L, ceil(luaL_checknumber(L, 1)));
    return 1;
}

static int math_floor(lua_State *L)
{
    if (lua_isinteger(L, 1))
        lua_settop(L, 1);
    else
        push_whole(L, floor(luaL_checknumber(L, 1)));
    return 1;
}

static int extreme(lua_State *L, bool greatest)
{
    int count = lua_gettop(L), best = 1;

    luaL_argcheck(L, count >= 1, 1, "number expected, got no value");
    for (int i = 1; i <= count; i++) {
        (void)luaL_checknumber(L, i);
        if (greatest ? lua_compare(L, best, i, LUA_OPLT) : lua_compare(L, i, best, LUA_OPLT))
            best = i;
    }
    rp_sandbox_charge(L, (uint64_t)count);
    lua_pushvalue(L, best);
    return 1;
}

static int math_max(lua_State *L)
{
    return extreme(L, true);
}

static int math_min(lua_State *L)
{
    return extreme(L, false);
}

static int math_fmod(lua_State *L)
{
    if (lua_isinteger(L, 1) && lua_isinteger(L, 2)) {
        lua_Integer d = lua_tointeger(L, 2);

        luaL_argcheck(L, d != 0, 2, "zero");
        lua_pushinteger(L, d == -1 ? 0 : lua_tointeger(L, 1) % d);
    } else {
        lua_pushnumber(L, fmod(luaL_checknumber(L, 1), luaL_checknumber(L, 2)));
    }
    return 1;
}

static int math_modf(lua_State *L)
{
    lua_Number n, whole;

    if (lua_isinteger(L, 1)) {
        lua_settop(L, 1);
        lua_pushnumber(L, 0);
        return 2;
    }
    n = luaL_checknumber(L, 1);
    whole = n < 0 ? ceil(n) : floor(n);
    lua_pushnumber(L, whole);
    lua_pushnumber(L, isinf(n) ? 0.0 : n - whole);
    return 2;
}

static int math_tointeger(lua_State *L)
{
    int exact;
    lua_Integer n = lua_tointegerx(L, 1, &exact);

    luaL_checkany(L, 1);
    if (exact && lua_type(L, 1) == LUA_TNUMBER)
        lua_pushinteger(L, n);
    else
        lua_pushnil(L);
    return 1;
}

static int math_type(lua_State *L)
{
    luaL_checkany(L, 1);
    if (lua_type(L, 1) != LUA_TNUMBER)
        lua_pushnil(L);
    else
        lua_pushstring(L, lua_isinteger(L, 1) ? "integer" : "float");
    return 1;
}

static int math_ult(lua_State *L)
{
    lua_pushboolean(L,
                    (lua_Unsigned)luaL_checkinteger(L, 1) < (lua_Unsigned)luaL_checkinteger(L, 2));
    return 1;
}

static int math_log(lua_State *L)
{
    lua_Number x = luaL_checknumber(L, 1);

    if (lua_isnoneornil(L, 2))
        lua_pushnumber(L, log(x));
    else if (luaL_checknumber(L, 2) == 2.0)
        lua_pushnumber(L, log2(x));
    else if (luaL_checknumber(L, 2) == 10.0)
        lua_pushnumber(L, log10(x));
    else
        lua_pushnumber(L, log(x) / log(luaL_checknumber(L, 2)));
    return 1;
}

static int math_atan(lua_State *L)
{
    lua_pushnumber(L, atan2(luaL_checknumber(L, 1), luaL_optnumber(L, 2, 1)));
    return 1;
}

#define OF_ONE(name, call)                                                                         \
    static int math_##name(lua_State *L)                                                           \
    {                                                                                              \
        lua_pushnumber(L, call(luaL_checknumber(L, 1)));                                           \
        return 1;                                                                                  \
    }
OF_ONE(sqrt, sqrt)
OF_ONE(exp, exp)
OF_ONE(sin, sin)
OF_ONE(cos, cos)
OF_ONE(tan, tan)
OF_ONE(asin, asin)
OF_ONE(acos, acos)

static int math_deg(lua_State *L)
{
    lua_pushnumber(L, luaL_checknumber(L, 1) * (180.0 / 3.141592653589793238462643383279502884));
    return 1;
}

static int math_rad(lua_State *L)
{
    lua_pushnumber(L, luaL_checknumber(L, 1) * (3.141592653589793238462643383279502884 / 180.0));
    return 1;
}

/* ---- utf8 ------------------------------------------------------------------------------------ */

/* Length of the character that starts here and its code point; 0 when it is not UTF-8. */
static size_t decode(const char *text, size_t left, uint32_t *ret_code)
{
    static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)text[0];
    size_t len = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;
    uint32_t code = len == 1 ? first : first & (0x7fu >> len);

    if (len == 0 || len > left || first >= 0xf8)
        return 0;
    for (size_t i = 1; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if ((c & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (c & 0x3fu);
    }
    if (code < lowest[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    *ret_code = code;
    return len;
}

static lua_Integer position(lua_Integer at, size_t len)
{
    return at >= 0 ? at : 0u - (lua_Unsigned)at > len ? 0 : (lua_Integer)len + at + 1;
}

static int utf8_len(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    lua_Integer from = position(luaL_optinteger(L, 2, 1), len) - 1;
    lua_Integer to = position(luaL_optinteger(L, 3, -1), len) - 1;
    lua_Integer count = 0;
    uint32_t code;

    luaL_argcheck(L, from >= 0 && from <= (lua_Integer)len, 2, "initial position out of bounds");
    luaL_argcheck(L, to < (lua_Integer)len, 3, "final position out of bounds");
    rp_sandbox_charge(L, 1 + len / 8);
    while (from <= to) {
        size_t step = decode(text + from, len - (size_t)from, &code);

        if (step == 0) {
            lua_pushnil(L);
            lua_pushinteger(L, from + 1);
            return 2;
        }
        from += (lua_Integer)step;
        count++;
    }
    lua_pushinteger(L, count);
    return 1;
}

static int utf8_codepoint(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    lua_Integer from = position(luaL_optinteger(L, 2, 1), len);
    lua_Integer to = position(luaL_optinteger(L, 3, from), len);
    uint32_t code;
    int count = 0;

    luaL_argcheck(L, from >= 1, 2, "out of bounds");
    luaL_argcheck(L, to <= (lua_Integer)len, 3, "out of bounds");
    if (from > to)
        return 0;
    luaL_argcheck(L, to - from < 1000, 3, "more than 1000 characters");
    luaL_checkstack(L, (int)(to - from) + 1, "too many characters");
    for (lua_Integer at = from - 1; at < to; count++) {
        size_t step = decode(text + at, len - (size_t)at, &code);

        if (step == 0)
            return luaL_error(L, "the text is not UTF-8");
        rp_sandbox_charge(L, 1);
        lua_pushinteger(L, code);
        at += (lua_Integer)step;
    }
    return count;
}

static int utf8_char(lua_State *L)
{
    int count = lua_gettop(L);
    luaL_Buffer buffer;

    rp_sandbox_charge(L, (uint64_t)count);
    luaL_buffinit(L, &buffer);
    for (int i = 1; i <= count; i++) {
        lua_Integer code = luaL_checkinteger(L, i);
        char bytes[4];
        size_t len;

        luaL_argcheck(L, code >= 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff), i,
                      "no character");
        if (code < 0x80) {
            bytes[0] = (char)code;
            len = 1;
        } else if (code < 0x800) {
            bytes[0] = (char)(0xc0 | code >> 6);
            len = 2;
        } else if (code < 0x10000) {
            bytes[0] = (char)(0xe0 | code >> 12);
            len = 3;
        } else {
            bytes[0] = (char)(0xf0 | code >> 18);
            len = 4;
        }
        for (size_t j = 1; j < len; j++)
            bytes[j] = (char)(0x80 | (code >> (6 * (len - 1 - j)) & 0x3f));
        luaL_addlstring(&buffer, bytes, len);
    }
    luaL_pushresult(&buffer);
    return 1;
}

void rp_lib_math(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"abs", math_abs},   {"ceil", math_ceil}, {"floor", math_floor},
        {"max", math_max},   {"min", math_min},   {"fmod", math_fmod},
        {"modf", math_modf}, {"log", math_log},   {"tointeger", math_tointeger},
        {"type", math_type}, {"ult", math_ult},   {"sqrt", math_sqrt},
        {"exp", math_exp},   {"sin", math_sin},   {"cos", math_cos},
        {"tan", math_tan},   {"asin", math_asin}, {"acos", math_acos},
        {"atan", math_atan}, {"deg", math_deg},   {"rad", math_rad},
        {NULL, NULL}};
    static const luaL_Reg utf8_functions[] = {
        {"len", utf8_len}, {"codepoint", utf8_codepoint}, {"char", utf8_char}, {NULL, NULL}};

    rp_lib_add(L, "math", functions);
    lua_getfield(L, -1, "math");
    (void)rp_sandbox_unlock(L, -1);
    lua_pushnumber(L, 3.141592653589793238462643383279502884);
    lua_setfield(L, -2, "pi");
    lua_pushnumber(L, HUGE_VAL);
    lua_setfield(L, -2, "huge");
    lua_pushinteger(L, LUA_MAXINTEGER);
    lua_setfield(L, -2, "maxinteger");
    lua_pushinteger(L, LUA_MININTEGER);
    lua_setfield(L, -2, "mininteger");
    lua_pop(L, 2);
    rp_lib_add(L, "utf8", utf8_functions);
}
