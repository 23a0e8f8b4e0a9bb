/* SPDX-License-Identifier: MIT */
/* The string library: what Lua's does, without dump and pack, charged for the work. Patterns are
 * matched by match.c, formats by lib_format.c. */
#include "base/limits.h"
#include "engine/lib_format.h"
#include "engine/match.h"
#include "engine/sandbox.h"

static struct rp_str check_text(lua_State *L, int index)
{
    struct rp_str text;

    text.ptr = luaL_checklstring(L, index, &text.len);
    return text;
}

/* ---- Parts of texts -------------------------------------------------------------------------- */

static size_t start_position(lua_Integer at, size_t len)
{
    if (at > 0)
        return (size_t)at;
    if (at == 0 || at < -(lua_Integer)len)
        return 1;
    return len + (size_t)at + 1;
}

static size_t end_position(lua_Integer at, size_t len)
{
    if (at > (lua_Integer)len)
        return len;
    if (at >= 0)
        return (size_t)at;
    if (at < -(lua_Integer)len)
        return 0;
    return len + (size_t)at + 1;
}

static int string_sub(lua_State *L)
{
    struct rp_str text = check_text(L, 1);
    size_t from = start_position(luaL_checkinteger(L, 2), text.len);
    size_t to = end_position(luaL_optinteger(L, 3, -1), text.len);

    if (from > to) {
        lua_pushliteral(L, "");
        return 1;
    }
    rp_sandbox_charge_text(L, to - from + 1);
    lua_pushlstring(L, text.ptr + from - 1, to - from + 1);
    return 1;
}

static int string_byte(lua_State *L)
{
    struct rp_str text = check_text(L, 1);
    lua_Integer first = luaL_optinteger(L, 2, 1);
    size_t from = start_position(first, text.len);
    size_t to = end_position(luaL_optinteger(L, 3, (lua_Integer)from), text.len);
    int count;

    if (from > to)
        return 0;
    luaL_argcheck(L, to - from < 1000, 3, "more than 1000 bytes");
    count = (int)(to - from) + 1;
    luaL_checkstack(L, count, "too many bytes");
    rp_sandbox_charge(L, (uint64_t)count);
    for (int i = 0; i < count; i++)
        lua_pushinteger(L, (unsigned char)text.ptr[from - 1 + (size_t)i]);
    return count;
}

static int string_char(lua_State *L)
{
    int count = lua_gettop(L);
    luaL_Buffer buffer;
    char *bytes = luaL_buffinitsize(L, &buffer, (size_t)count);

    rp_sandbox_charge(L, (uint64_t)count);
    for (int i = 1; i <= count; i++) {
        lua_Integer c = luaL_checkinteger(L, i);

        luaL_argcheck(L, c >= 0 && c <= 255, i, "value out of range");
        bytes[i - 1] = (char)(unsigned char)c;
    }
    luaL_pushresultsize(&buffer, (size_t)count);
    return 1;
}

static int string_len(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check_text(L, 1).len);
    return 1;
}

static int change_case(lua_State *L, char first, char last, int shift)
{
    struct rp_str text = check_text(L, 1);
    luaL_Buffer buffer;
    char *bytes;

    rp_sandbox_charge_text(L, text.len);
    bytes = luaL_buffinitsize(L, &buffer, text.len);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        bytes[i] = c >= first && c <= last ? (char)(c + shift) : c;
    }
    luaL_pushresultsize(&buffer, text.len);
    return 1;
}

static int string_lower(lua_State *L)
{
    return change_case(L, 'A', 'Z', 32);
}

static int string_upper(lua_State *L)
{
    return change_case(L, 'a', 'z', -32);
}

static int string_reverse(lua_State *L)
{
    struct rp_str text = check_text(L, 1);
    luaL_Buffer buffer;
    char *bytes;

    rp_sandbox_charge_text(L, text.len);
    bytes = luaL_buffinitsize(L, &buffer, text.len);
    for (size_t i = 0; i < text.len; i++)
        bytes[i] = text.ptr[text.len - 1 - i];
    luaL_pushresultsize(&buffer, text.len);
    return 1;
}

static int string_rep(lua_State *L)
{
    struct rp_str text = check_text(L, 1);
    lua_Integer times = luaL_checkinteger(L, 2);
    size_t gap_len, total;
    const char *gap = luaL_optlstring(L, 3, "", &gap_len);
    luaL_Buffer buffer;
    char *bytes;

    if (times <= 0 || text.len + gap_len == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    if ((lua_Unsigned)times > RP_RULE_STRING_MAX ||
        (text.len + gap_len) > RP_RULE_STRING_MAX / (size_t)times)
        return luaL_error(L, "a text would be longer than %d bytes", RP_RULE_STRING_MAX);
    total = (text.len + gap_len) * (size_t)times - gap_len;
    rp_sandbox_charge_text(L, total);
    rp_sandbox_charge(L, (uint64_t)times / 4);
    bytes = luaL_buffinitsize(L, &buffer, total);
    for (lua_Integer i = 0; i < times; i++) {
        memcpy(bytes, text.ptr, text.len);
        bytes += text.len;
        if (i + 1 < times && gap_len > 0) {
            memcpy(bytes, gap, gap_len);
            bytes += gap_len;
        }
    }
    luaL_pushresultsize(&buffer, total);
    return 1;
}

/* ---- Patterns -------------------------------------------------------------------------------- */

struct search {
    struct rp_str text;
    struct rp_pattern pattern;
    struct rp_capture captures[RP_CAPTURES_MAX];
};

static void compile(lua_State *L, struct search *search, struct rp_str pattern, bool anchors)
{
    const char *wrong = rp_pattern_compile(&search->pattern, pattern, anchors);

    if (wrong)
        luaL_error(L, "%s", wrong);
    rp_sandbox_charge(L, 4 + pattern.len * 4);
}

static size_t match_at(lua_State *L, struct search *search, size_t at)
{
    struct rp_sandbox *sandbox = rp_sandbox_of(L);
    size_t end = rp_pattern_match(&search->pattern, search->text, at, search->captures,
                                  &sandbox->steps_left);

    if (end == RP_MATCH_SPENT)
        rp_sandbox_charge(L, 1); /* raises */
    return end;
}

static void push_capture(lua_State *L, const struct search *search, uint32_t number, size_t start,
                         size_t end)
{
    const struct rp_capture *capture = &search->captures[number];

    if (number >= search->pattern.capture_count) {
        if (number > 0)
            luaL_error(L, "invalid capture index %%%d", (int)number + 1);
        rp_sandbox_charge_text(L, end - start);
        lua_pushlstring(L, search->text.ptr + start, end - start);
    } else if (capture->len == RP_CAPTURE_POSITION) {
        lua_pushinteger(L, (lua_Integer)capture->start + 1);
    } else {
        rp_sandbox_charge_text(L, capture->len);
        lua_pushlstring(L, search->text.ptr + capture->start, capture->len);
    }
}

/* All captures; the whole match when there are none and `whole` is set. */
static int push_captures(lua_State *L, const struct search *search, bool whole, size_t start,
                         size_t end)
{
    uint32_t count = search->pattern.capture_count;

    if (count == 0 && whole)
        count = 1;
    luaL_checkstack(L, (int)count, "too many captures");
    for (uint32_t i = 0; i < count; i++)
        push_capture(L, search, i, start, end);
    return (int)count;
}

static bool has_specials(struct rp_str pattern)
{
    for (size_t i = 0; i < pattern.len; i++)
        if (pattern.ptr[i] != '\0' && strchr("^$*+?.([%-", pattern.ptr[i]) != NULL)
            return true;
    return false;
}

static int find_plain(lua_State *L, struct rp_str text, size_t at, struct rp_str part)
{
    size_t found;

    rp_sandbox_charge(L, 1 + (text.len - at) / 16 + part.len / 16);
    found = rp_find_plain(text, at, part);
    if (found == RP_MATCH_NOTHING) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushinteger(L, (lua_Integer)found + 1);
    lua_pushinteger(L, (lua_Integer)found + (lua_Integer)part.len);
    return 2;
}

static int find_or_match(lua_State *L, bool find)
{
    struct search search = {.text = check_text(L, 1)};
    struct rp_str pattern = check_text(L, 2);
    size_t at = start_position(luaL_optinteger(L, 3, 1), search.text.len) - 1;

    if (at > search.text.len) {
        lua_pushnil(L);
        return 1;
    }
    if (find && (lua_toboolean(L, 4) || !has_specials(pattern)))
        return find_plain(L, search.text, at, pattern);
    compile(L, &search, pattern, true);
    for (; at <= search.text.len; at++) {
        size_t end = match_at(L, &search, at);

        if (end != RP_MATCH_NOTHING) {
            if (!find)
                return push_captures(L, &search, true, at, end);
            lua_pushinteger(L, (lua_Integer)at + 1);
            lua_pushinteger(L, (lua_Integer)end);
            return push_captures(L, &search, false, at, end) + 2;
        }
        if (search.pattern.anchored)
            break;
    }
    lua_pushnil(L);
    return 1;
}

static int string_find(lua_State *L)
{
    return find_or_match(L, true);
}

static int string_match(lua_State *L)
{
    return find_or_match(L, false);
}

/* Upvalues: text, pattern, next place, end of the last match (-1: none). */
static int gmatch_next(lua_State *L)
{
    struct search search = {.text = check_text(L, lua_upvalueindex(1))};
    size_t at = (size_t)lua_tointeger(L, lua_upvalueindex(3));
    lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));

    compile(L, &search, check_text(L, lua_upvalueindex(2)), false);
    for (; at <= search.text.len; at++) {
        size_t end = match_at(L, &search, at);

        if (end == RP_MATCH_NOTHING || (lua_Integer)end == last)
            continue;
        lua_pushinteger(L, (lua_Integer)end);
        lua_copy(L, -1, lua_upvalueindex(3));
        lua_replace(L, lua_upvalueindex(4));
        return push_captures(L, &search, true, at, end);
    }
    return 0;
}

static int string_gmatch(lua_State *L)
{
    struct rp_str text = check_text(L, 1);
    size_t at;

    (void)check_text(L, 2);
    at = start_position(luaL_optinteger(L, 3, 1), text.len) - 1;
    if (at > text.len)
        at = text.len + 1;
    lua_settop(L, 2);
    lua_pushinteger(L, (lua_Integer)at);
    lua_pushinteger(L, -1);
    lua_pushcclosure(L, gmatch_next, 4);
    return 1;
}

/* ---- gsub ------------------------------------------------------------------------------------ */

/* Texts of a result are gathered in a table and joined at the end, so that a function that is
 * called in between meets a plain stack. */
struct replacing {
    struct search search;
    int kind;   /* type of the replacement, at index 3 */
    int pieces; /* stack index of the table */
    lua_Integer count;
    size_t total;
};

static void add_piece(lua_State *L, struct replacing *r)
{
    r->total += lua_rawlen(L, -1);
    rp_sandbox_charge(L, 1);
    if (r->total > RP_RULE_STRING_MAX)
        luaL_error(L, "a text would be longer than %d bytes", RP_RULE_STRING_MAX);
    lua_rawseti(L, r->pieces, ++r->count);
}

static void add_bytes(lua_State *L, struct replacing *r, const char *bytes, size_t len)
{
    if (len == 0)
        return;
    rp_sandbox_charge_text(L, len);
    lua_pushlstring(L, bytes, len);
    add_piece(L, r);
}

/* "%1 and %%" */
static void add_template(lua_State *L, struct replacing *r, size_t start, size_t end)
{
    struct rp_str text = check_text(L, 3);
    size_t from = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c;

        if (text.ptr[i] != '%')
            continue;
        add_bytes(L, r, text.ptr + from, i - from);
        c = i + 1 < text.len ? text.ptr[i + 1] : '\0';
        if (c == '%') {
            add_bytes(L, r, "%", 1);
        } else if (c == '0') {
            add_bytes(L, r, r->search.text.ptr + start, end - start);
        } else if (c >= '1' && c <= '9') {
            push_capture(L, &r->search, (uint32_t)(c - '1'), start, end);
            (void)luaL_tolstring(L, -1, NULL);
            lua_remove(L, -2);
            add_piece(L, r);
        } else {
            luaL_error(L, "invalid use of '%%' in replacement string");
        }
        i++;
        from = i + 1;
    }
    add_bytes(L, r, text.ptr + from, text.len - from);
}

static void add_replacement(lua_State *L, struct replacing *r, size_t start, size_t end)
{
    if (r->kind == LUA_TSTRING || r->kind == LUA_TNUMBER) {
        add_template(L, r, start, end);
        return;
    }
    if (r->kind == LUA_TFUNCTION) {
        int count;

        lua_pushvalue(L, 3);
        count = push_captures(L, &r->search, true, start, end);
        lua_call(L, count, 1);
    } else {
        push_capture(L, &r->search, 0, start, end);
        lua_gettable(L, 3);
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        add_bytes(L, r, r->search.text.ptr + start, end - start);
        return;
    }
    if (lua_type(L, -1) != LUA_TSTRING && lua_type(L, -1) != LUA_TNUMBER)
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    (void)lua_tostring(L, -1);
    add_piece(L, r);
}

static void join_pieces(lua_State *L, const struct replacing *r)
{
    luaL_Buffer buffer;

    luaL_buffinitsize(L, &buffer, r->total);
    for (lua_Integer i = 1; i <= r->count; i++) {
        lua_rawgeti(L, r->pieces, i);
        luaL_addvalue(&buffer);
    }
    luaL_pushresult(&buffer);
}

static int string_gsub(lua_State *L)
{
    struct replacing r = {.search = {.text = check_text(L, 1)}};
    struct rp_str pattern = check_text(L, 2);
    size_t at = 0, last = RP_MATCH_NOTHING, plain = 0; /* plain: start of what is kept as it is */
    lua_Integer most, done = 0;

    r.kind = lua_type(L, 3);
    luaL_argexpected(L,
                     r.kind == LUA_TNUMBER || r.kind == LUA_TSTRING || r.kind == LUA_TFUNCTION ||
                         r.kind == LUA_TTABLE,
                     3, "string/function/table");
    most = luaL_optinteger(L, 4, (lua_Integer)r.search.text.len + 1);
    compile(L, &r.search, pattern, true);
    lua_settop(L, 4);
    lua_createtable(L, 8, 0);
    r.pieces = lua_gettop(L);
    while (done < most) {
        size_t end = match_at(L, &r.search, at);

        if (end != RP_MATCH_NOTHING && end != last) {
            done++;
            add_bytes(L, &r, r.search.text.ptr + plain, at - plain);
            add_replacement(L, &r, at, end);
            at = last = plain = end;
        } else if (at < r.search.text.len) {
            at++;
        } else {
            break;
        }
        if (r.search.pattern.anchored)
            break;
    }
    add_bytes(L, &r, r.search.text.ptr + plain, r.search.text.len - plain);
    join_pieces(L, &r);
    lua_pushinteger(L, done);
    return 2;
}

void rp_lib_string(lua_State *L)
{
    static const luaL_Reg functions[] = {{"byte", string_byte},       {"char", string_char},
                                         {"find", string_find},       {"format", rp_lib_format},
                                         {"gmatch", string_gmatch},   {"gsub", string_gsub},
                                         {"len", string_len},         {"lower", string_lower},
                                         {"match", string_match},     {"rep", string_rep},
                                         {"reverse", string_reverse}, {"sub", string_sub},
                                         {"upper", string_upper},     {NULL, NULL}};

    rp_lib_add(L, "string", functions);
}
