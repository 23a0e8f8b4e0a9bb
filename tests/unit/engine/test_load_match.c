/* SPDX-License-Identifier: MIT */
/* Our pattern matcher against Lua's own string library: the same results for patterns and texts
 * made at random from the characters that matter. */
#include "base/buf.h"
#include "engine/match.h"
#include "engine/sandbox.h"
#include "unit/engine/load_groups.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#define ROUNDS 60000

static uint64_t seed = 88172645463325252u;

static uint32_t pick(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 33) % below;
}

static void random_text(char *text, size_t most)
{
    static const char letters[] = "aab.b(c)  1,-%]\xc3\xa9";
    size_t len = pick((uint32_t)most);

    for (size_t i = 0; i < len; i++)
        text[i] = letters[pick(sizeof letters - 1)];
    text[len] = '\0';
}

static void random_pattern(char *text, size_t most)
{
    static const char *const pieces[] = {
        "a",     "b",     ".",    "%a",    "%s",      "%w", "%d", "%p", "[ab]", "[^a]",
        "[%a-]", "[]]",   "[^]]", "(",     ")",       "()", "*",  "+",  "-",    "?",
        "%1",    "%2",    "%b()", "%f[a]", "%f[^%w]", "^",  "$",  "%.", "%%",   "[a-c]",
        "%-",    "[%]a]", "\xc3", "%x",    "%u",      "[",  "%",  "%g"};
    size_t used = 0;
    uint32_t count = 1 + pick(7);

    text[0] = '\0';
    for (uint32_t i = 0; i < count; i++) {
        const char *piece = pieces[pick(RP_COUNT(pieces))];

        if (used + strlen(piece) + 1 > most)
            break;
        memcpy(text + used, piece, strlen(piece) + 1);
        used += strlen(piece);
    }
}

/* Calls string.NAME(text, pattern, …) in a state; the results as one text, or "error". */
static void results_of(lua_State *L, const char *program, const char *text, const char *pattern,
                       char *out, size_t size)
{
    lua_settop(L, 0);
    lua_getfield(L, LUA_REGISTRYINDEX, program);
    lua_pushstring(L, text);
    lua_pushstring(L, pattern);
    if (lua_pcall(L, 2, 1, 0) != LUA_OK)
        snprintf(out, size, "error");
    else
        snprintf(out, size, "%s", lua_tostring(L, -1));
}

static const char *const programs[][2] = {
    {"find", "local s, p = ... local r = { s:find(p) } "},
    {"match", "local s, p = ... local r = { s:match(p) } "},
    {"find_at", "local s, p = ... local r = { s:find(p, 3) } "},
    {"find_behind", "local s, p = ... local r = { s:find(p, -2) } "},
    {"gmatch", "local s, p = ... local r = {} for a, b in s:gmatch(p) do r[#r + 1] = tostring(a) "
               "r[#r + 1] = tostring(b) end "},
    {"gsub", "local s, p = ... local r = { s:gsub(p, '<%0>') } "},
    {"gsub_function", "local s, p = ... local r = { s:gsub(p, function(x) return "
                      "#tostring(x) > 1 and '[' .. x .. ']' end) } "},
    {"gsub_table", "local s, p = ... local r = { s:gsub(p, { a = 'A', ab = 1 }, 2) } "},
};
#define JOIN                                                                                       \
    "local t = '' for i = 1, 12 do local v = r[i] if v == nil then break end t = t .. "            \
    "tostring(v) .. ';' end return t"

static void add_programs(lua_State *L)
{
    for (size_t i = 0; i < RP_COUNT(programs); i++) {
        char source[600];

        snprintf(source, sizeof source, "%s%s", programs[i][1], JOIN);
        assert_int_equal(luaL_loadstring(L, source), LUA_OK);
        lua_setfield(L, LUA_REGISTRYINDEX, programs[i][0]);
    }
}

/* Whether our matcher refuses the pattern: it does so at once, Lua only when matching comes by. */
static bool is_malformed(const char *text)
{
    struct rp_pattern pattern;

    return rp_pattern_compile(&pattern, rp_str_from(text), true) != NULL ||
           rp_pattern_compile(&pattern, rp_str_from(text), false) != NULL;
}

static int open_ours(lua_State *L)
{
    rp_sandbox_push_globals(L);
    lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    add_programs(L);
    return 0;
}

static void test_same_as_lua(void **state)
{
    lua_State *theirs = luaL_newstate();
    struct rp_err err;
    struct rp_sandbox *ours = rp_sandbox_new((size_t)64 << 20, &err);
    uint32_t compared = 0;

    (void)state;
    assert_non_null(theirs);
    assert_non_null(ours);
    luaL_openlibs(theirs);
    add_programs(theirs);
    rp_sandbox_begin(ours, RP_PHASE_TEST, 1000000);
    assert_int_equal(rp_sandbox_protect(ours, open_ours, NULL), RP_TRIP_NONE);
    for (int i = 0; i < ROUNDS; i++) {
        const char *program = programs[pick(RP_COUNT(programs))][0];
        char text[40], pattern[40], a[2000], b[2000];

        random_text(text, 24);
        random_pattern(pattern, sizeof pattern);
        if (is_malformed(pattern))
            continue;
        results_of(theirs, program, text, pattern, a, sizeof a);
        rp_sandbox_begin(ours, RP_PHASE_TEST, 1000000);
        results_of(ours->L, program, text, pattern, b, sizeof b);
        compared++;
        if (strcmp(a, b) != 0)
            fail_msg("%s of '%s' with '%s': Lua says %s, we say %s", program, text, pattern, a, b);
    }
    assert_true(compared > ROUNDS / 3);
    lua_close(theirs);
    rp_sandbox_free(ours);
}

static void test_malformed(void **state)
{
    static const char *const patterns[] = {"[",    "[a",    "[^", "%",  "a%",   "%b", "%bx",
                                           "%f",   "%fa",   "(",  "(a", ")",    "a)", "%1",
                                           "(%1)", "(a)%2", "%0", "[%", "[a-%]"};
    struct rp_pattern pattern;
    char wide[RP_PATTERN_MAX + 2];

    (void)state;
    for (size_t i = 0; i < RP_COUNT(patterns); i++)
        if (rp_pattern_compile(&pattern, rp_str_from(patterns[i]), true) == NULL)
            fail_msg("'%s' is taken", patterns[i]);
    memset(wide, 'a', sizeof wide);
    wide[RP_PATTERN_MAX] = '\0';
    assert_null(rp_pattern_compile(&pattern, rp_str_from(wide), true));
    wide[RP_PATTERN_MAX] = 'a';
    wide[RP_PATTERN_MAX + 1] = '\0';
    assert_non_null(rp_pattern_compile(&pattern, rp_str_from(wide), true));
}

static void test_captures_are_bounded(void **state)
{
    struct rp_capture captures[RP_CAPTURES_MAX];
    struct rp_pattern pattern;
    struct rp_buf text = {0};
    int64_t steps = 100000;

    (void)state;
    for (int i = 0; i < RP_CAPTURES_MAX; i++)
        rp_buf_text(&text, "(a)");
    assert_null(rp_pattern_compile(&pattern, rp_buf_view(&text), true));
    assert_int_equal(rp_pattern_match(&pattern, RP_STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), 1,
                                      captures, &steps),
                     33);
    assert_int_equal(captures[31].start, 32);
    rp_buf_text(&text, "(a)");
    assert_non_null(rp_pattern_compile(&pattern, rp_buf_view(&text), true));
    rp_buf_fini(&text);
}

static void test_steps_end_a_match(void **state)
{
    struct rp_capture captures[RP_CAPTURES_MAX];
    struct rp_pattern pattern;
    int64_t steps = 10000;

    (void)state;
    assert_null(rp_pattern_compile(&pattern, RP_STR("a*a*a*a*a*a*a*a*b"), true));
    assert_true(rp_pattern_match(&pattern, RP_STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), 0,
                                 captures, &steps) == RP_MATCH_SPENT);
    assert_true(steps < 0);
}

int rp_test_load_match(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_lua),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_captures_are_bounded),
        cmocka_unit_test(test_steps_end_a_match),
    };

    return cmocka_run_group_tests_name("load_match", tests, NULL, NULL);
}
