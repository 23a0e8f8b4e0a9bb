/* SPDX-License-Identifier: MIT */
/* string.format, with the conversions that give the same text everywhere. Flags, width and
 * precision have two digits at most, as in Lua, so that one conversion is bounded. */
#include "engine/lib_format.h"

#include "base/limits.h"
#include "base/str.h"
#include "engine/sandbox.h"

#include <stdio.h>

#define SPEC_MAX 32
#define ITEM_MAX 512 /* %.99f of the largest number is 410 bytes long */

/* The format string is put together here from checked parts. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

struct spec {
    char text[SPEC_MAX]; /* "%-10.3" without the conversion */
    size_t len;
    char conversion;
    bool bare; /* no flags, width or precision */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads behind the '%'; returns the offset behind the conversion. */
static size_t read_spec(lua_State *L, struct rp_str format, size_t at, struct spec *spec)
{
    size_t start = at, digits;

    while (at < format.len && format.ptr[at] != '\0' && strchr("-+ #0", format.ptr[at]) != NULL)
        at++;
    if (at - start > 5)
        luaL_error(L, "invalid format (repeated flags)");
    for (digits = 0; at < format.len && is_digit(format.ptr[at]); digits++)
        at++;
    if (digits <= 2 && at < format.len && format.ptr[at] == '.') {
        at++;
        for (digits = 0; at < format.len && is_digit(format.ptr[at]); digits++)
            at++;
    }
    if (digits > 2)
        luaL_error(L, "invalid format (width or precision too long)");
    if (at >= format.len)
        luaL_error(L, "invalid conversion '%%' to 'format'");
    spec->text[0] = '%';
    memcpy(spec->text + 1, format.ptr + start, at - start);
    spec->len = at - start + 1;
    spec->text[spec->len] = '\0';
    spec->bare = at == start;
    spec->conversion = format.ptr[at];
    return at + 1;
}

static void finish_spec(struct spec *spec, const char *modifier)
{
    size_t more = strlen(modifier);

    memcpy(spec->text + spec->len, modifier, more);
    spec->text[spec->len + more] = spec->conversion;
    spec->text[spec->len + more + 1] = '\0';
}

static void add_item(lua_State *L, luaL_Buffer *buffer, const char *item, int len)
{
    if (len < 0 || len >= ITEM_MAX)
        luaL_error(L, "this number cannot be shown");
    luaL_addlstring(buffer, item, (size_t)len);
}

/* Texts, numbers, booleans and nil; a table or function by its type alone. The text stays anchored
 * in the argument's place. */
static struct rp_str text_of(lua_State *L, int argument)
{
    struct rp_str text;

    switch (lua_type(L, argument)) {
    case LUA_TSTRING:
    case LUA_TNUMBER:
        text.ptr = lua_tolstring(L, argument, &text.len);
        return text;
    case LUA_TBOOLEAN:
        return lua_toboolean(L, argument) ? RP_STR("true") : RP_STR("false");
    default:
        return rp_str_from(luaL_typename(L, argument));
    }
}

static void add_text(lua_State *L, luaL_Buffer *buffer, struct spec *spec, int argument)
{
    struct rp_str text = text_of(L, argument);
    char item[ITEM_MAX];

    rp_sandbox_charge_text(L, text.len);
    if (spec->bare || (strchr(spec->text, '.') == NULL && text.len >= 100)) {
        luaL_addlstring(buffer, text.ptr, text.len);
        return;
    }
    luaL_argcheck(L, strlen(text.ptr) == text.len, argument, "text contains zeros");
    finish_spec(spec, "");
    add_item(L, buffer, item, snprintf(item, sizeof item, spec->text, text.ptr));
}

static void add_conversion(lua_State *L, luaL_Buffer *buffer, struct spec *spec, int argument)
{
    char item[ITEM_MAX];

    luaL_checkany(L, argument);
    switch (spec->conversion) {
    case 'c':
        finish_spec(spec, "");
        add_item(L, buffer, item,
                 snprintf(item, sizeof item, spec->text, (int)luaL_checkinteger(L, argument)));
        break;
    case 'd':
    case 'i':
        finish_spec(spec, "ll");
        add_item(
            L, buffer, item,
            snprintf(item, sizeof item, spec->text, (long long)luaL_checkinteger(L, argument)));
        break;
    case 'u':
    case 'o':
    case 'x':
    case 'X':
        finish_spec(spec, "ll");
        add_item(L, buffer, item,
                 snprintf(item, sizeof item, spec->text,
                          (unsigned long long)luaL_checkinteger(L, argument)));
        break;
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
        finish_spec(spec, "");
        add_item(L, buffer, item,
                 snprintf(item, sizeof item, spec->text, luaL_checknumber(L, argument)));
        break;
    case 's':
        add_text(L, buffer, spec, argument);
        break;
    default:
        luaL_error(L, "'%%%c' is not available in format", spec->conversion);
    }
}

int rp_lib_format(lua_State *L)
{
    int top = lua_gettop(L), argument = 1;
    struct rp_str format;
    luaL_Buffer buffer;
    size_t at = 0, total = 0;

    format.ptr = luaL_checklstring(L, 1, &format.len);
    for (int i = 2; i <= top; i++)
        if (lua_type(L, i) == LUA_TSTRING)
            total += lua_rawlen(L, i);
    rp_sandbox_charge_text(L, format.len);
    if (total > RP_RULE_STRING_MAX)
        return luaL_error(L, "a text would be longer than %d bytes", RP_RULE_STRING_MAX);
    luaL_buffinit(L, &buffer);
    while (at < format.len) {
        struct spec spec;

        if (format.ptr[at] != '%') {
            luaL_addchar(&buffer, format.ptr[at]);
            at++;
            continue;
        }
        if (at + 1 < format.len && format.ptr[at + 1] == '%') {
            luaL_addchar(&buffer, '%');
            at += 2;
            continue;
        }
        at = read_spec(L, format, at + 1, &spec);
        rp_sandbox_charge(L, 10);
        add_conversion(L, &buffer, &spec, ++argument);
    }
    luaL_pushresult(&buffer);
    return 1;
}
