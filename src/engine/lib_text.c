/* SPDX-License-Identifier: MIT */
/* Ripen's text matchers as functions for `test`: glob(text, pattern) and its kin answer true or
 * false, with case and accents ignored as everywhere in rules. The declaring file's constructors of
 * the same names call these when they get two arguments. */
#include "base/arena.h"
#include "base/limits.h"
#include "base/text.h"
#include "engine/sandbox.h"

enum kind { GLOB, CONTAINS, STARTS, ENDS, WORD };

struct folding {
    struct rp_arena arena;
    struct rp_str text, pattern;
    enum kind kind;
};

static bool holds(struct folding *folding)
{
    struct rp_str text = rp_text_fold(&folding->arena, folding->text);
    struct rp_str pattern = rp_text_fold(&folding->arena, folding->pattern);

    switch (folding->kind) {
    case GLOB:
        return rp_text_glob(text, pattern);
    case CONTAINS:
        return rp_text_contains(text, pattern);
    case STARTS:
        return rp_str_starts(text, pattern);
    case ENDS:
        return rp_str_ends(text, pattern);
    case WORD:
        return rp_text_word(text, pattern);
    }
    return false;
}

/* Nothing in here raises between the arena's start and end. */
static int compare(lua_State *L, enum kind kind)
{
    struct folding folding = {.kind = kind};
    bool result;

    if (lua_isnoneornil(L, 1)) { /* an unknown field matches nothing */
        lua_pushboolean(L, false);
        return 1;
    }
    folding.text.ptr = luaL_checklstring(L, 1, &folding.text.len);
    folding.pattern.ptr = luaL_checklstring(L, 2, &folding.pattern.len);
    luaL_argcheck(L, folding.pattern.len <= RP_PATTERN_MAX, 2, "longer than 256 bytes");
    rp_sandbox_charge(L, 4 + (folding.text.len + folding.pattern.len) / 4);
    rp_arena_init(&folding.arena);
    result = holds(&folding);
    rp_arena_fini(&folding.arena);
    lua_pushboolean(L, result);
    return 1;
}

static int text_glob(lua_State *L)
{
    return compare(L, GLOB);
}

static int text_contains(lua_State *L)
{
    return compare(L, CONTAINS);
}

static int text_starts(lua_State *L)
{
    return compare(L, STARTS);
}

static int text_ends(lua_State *L)
{
    return compare(L, ENDS);
}

static int text_word(lua_State *L)
{
    return compare(L, WORD);
}

void rp_lib_text(lua_State *L)
{
    static const luaL_Reg functions[] = {{"glob", text_glob},          {"contains", text_contains},
                                         {"starts_with", text_starts}, {"ends_with", text_ends},
                                         {"word", text_word},          {NULL, NULL}};

    luaL_setfuncs(L, functions, 0);
}
