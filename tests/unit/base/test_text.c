/* SPDX-License-Identifier: MIT */
/* Folding, globs, words, UTF-8 and edit distance. */
#include "base/arena.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/when.h"
#include "unit/base/groups.h"

static void folding_forgets_case_and_accents(void **state)
{
    static const struct {
        const char *text, *folded;
    } cases[] = {
        {"", ""},
        {"abc 123", "abc 123"},
        {"VP, Sales", "vp, sales"},
        {"Élodie", "elodie"},
        {"E\u0301lodie", "elodie"}, /* combining mark */
        {"o\u0323\u0302", "o"},     /* two of them */
        {"cœur", "coeur"},
        {"ŒUVRE", "oeuvre"},
        {"Æther", "aether"},
        {"l’été", "l'ete"},
        {"‘a’ “b” „c“ «d»", "'a' \"b\" \"c\" \"d\""},
        {"a\u00b4", "a'"},
        {"Straße", "strasse"},
        {"STRASSE", "strasse"},
        {"ẞ", "ss"},
        {"İstanbul", "istanbul"},
        {"ISTANBUL", "istanbul"},
        {"ılık", "ilik"},
        {"Øre", "ore"},
        {"Łódź", "lodz"},
        {"Þór", "thor"},
        {"a\u00a0b", "a b"},
        {"a\u202fb\u2009c", "a b c"},
        {"a–b—c−d", "a-b-c-d"},
        {"soft\u00adhyphen", "softhyphen"},
        {"zero\u200bwidth", "zerowidth"},
        {"ﬁn", "fin"},
        {"ＶＰ", "vp"},
        {"Ⅳ", "iv"},
        {"①", "1"},
        {"ŉ", "'n"},
        {"…", "..."},
        {"ΣΊΣΥΦΟΣ", "σισυφοσ"},
        {"σίσυφος", "σισυφοσ"},
        {"Йод ЁЖ", "иод еж"},
        {"한국어", "한국어"},
        {"がか", "がか"}, /* the mark is a letter there */
        {"日本語", "日本語"},
        {"नमस्ते", "नमस्ते"},
        {"🌱 Naïve", "🌱 naive"},
        {"bad\xff\xc3(", "bad\xef\xbf\xbd\xef\xbf\xbd("},
    };
    struct rp_arena arena;

    (void)state;
    rp_arena_init(&arena);
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        struct rp_str folded = rp_text_fold(&arena, rp_str_from(cases[i].text));
        if (!rp_str_is(folded, cases[i].folded))
            fail_msg("\"%s\" folds to \"%.*s\", not \"%s\"", cases[i].text, RP_STR_ARG(folded),
                     cases[i].folded);
    }
    rp_arena_fini(&arena);
}

static void folded_text_is_not_copied(void **state)
{
    struct rp_arena arena;
    struct rp_str ascii = RP_STR("already folded, 12%"), other = RP_STR("日本語");

    (void)state;
    rp_arena_init(&arena);
    assert_ptr_equal(rp_text_fold(&arena, ascii).ptr, ascii.ptr);
    assert_int_equal(arena.used, 0);
    assert_ptr_equal(rp_text_fold(&arena, other).ptr, other.ptr);
    rp_arena_fini(&arena);
}

/* Every code point, alone and behind a letter. */
static void folding_twice_changes_nothing(void **state)
{
    struct rp_arena arena;
    char text[8] = "X";

    (void)state;
    rp_arena_init(&arena);
    for (uint32_t code = 1; code <= 0x10ffff; code++) {
        if (code >= 0xd800 && code <= 0xdfff)
            continue;
        if (code == 0x3400)
            code = 0xa000; /* ideographs by the ten thousand, all alike */
        if (code == 0xac00)
            code = 0xd000;
        if (code == 0x20000)
            code = 0xe0000;
        struct rp_str whole = {text, 1 + rp_utf8_put(text + 1, code)};
        struct rp_str once = rp_text_fold(&arena, whole);
        struct rp_str twice = rp_text_fold(&arena, once);
        if (!rp_str_eq(once, twice) || !rp_utf8_valid(once))
            fail_msg("U+%04X folds to \"%.*s\", then to \"%.*s\"", code, RP_STR_ARG(once),
                     RP_STR_ARG(twice));
        rp_arena_reset(&arena);
    }
    rp_arena_fini(&arena);
}

static void globs_match(void **state)
{
    static const struct {
        const char *text, *pattern;
        bool match;
    } cases[] = {
        {"/pricing", "/pricing*", true},
        {"/pricing/team", "/pricing*", true},
        {"/price", "/pricing*", false},
        {"", "", true},
        {"", "*", true},
        {"", "?", false},
        {"a", "", false},
        {"abc", "abc", true},
        {"abc", "ab", false},
        {"abc", "abcd", false},
        {"abc", "a?c", true},
        {"abc", "???", true},
        {"abc", "????", false},
        {"aéc", "a?c", true},
        {"🌱", "?", true},
        {"ana+test@globex.test", "*+test@*", true},
        {"ana@globex.test", "*+test@*", false},
        {"abcabc", "*abc", true},
        {"abcab", "*abc", false},
        {"aXbXc", "a*b*c", true},
        {"ab", "a*b", true},
        {"aba", "ab*ba", false}, /* the parts may not overlap */
        {"abba", "ab*ba", true},
        {"abc", "***", true},
        {"abc", "*b*", true},
        {"abc", "*?*?*?*", true},
        {"abc", "*?*?*?*?*", false},
        {"xaybz", "*a?b*", true},
        {"xayybz", "*a?b*", false},
        {"aab", "*?ab", true},
        {"ab", "*?ab", false},
        {"éab", "*?ab", true},
        {"mississippi", "*iss*ip*", true},
        {"mississippi", "m*iss?p*", true},
        {"mississippi", "m*is?ip*", true},
        {"mississippi", "m*iss?s*p", false},
        {"a*b", "a*b", true},
        {"éé", "*é?", true},
        {"日本語", "*本?", true},
    };

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        bool got = rp_text_glob(rp_str_from(cases[i].text), rp_str_from(cases[i].pattern));
        if (got != cases[i].match)
            fail_msg("\"%s\" against \"%s\": %d", cases[i].text, cases[i].pattern, got);
    }
}

/* What a glob means, said as simply as possible; ASCII only. */
static bool simple_glob(const char *text, const char *pattern)
{
    if (*pattern == '\0')
        return *text == '\0';
    if (*pattern == '*')
        return simple_glob(text, pattern + 1) || (*text && simple_glob(text + 1, pattern));
    return *text && (*pattern == '?' || *pattern == *text) && simple_glob(text + 1, pattern + 1);
}

static void globs_agree_with_their_meaning(void **state)
{
    uint64_t seed = 7;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        char text[10] = {0}, pattern[8] = {0};
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint64_t bits = seed >> 16;
        size_t text_len = bits % 9, pattern_len = bits / 9 % 7;
        for (size_t j = 0; j < text_len; j++)
            text[j] = "ab"[bits >> (8 + j) & 1];
        for (size_t j = 0; j < pattern_len; j++)
            pattern[j] = "ab?*"[bits >> (20 + 2 * j) & 3];
        bool want = simple_glob(text, pattern);
        if (rp_text_glob(rp_str_from(text), rp_str_from(pattern)) != want)
            fail_msg("\"%s\" against \"%s\" should be %d", text, pattern, want);
    }
}

/* Patterns that make backtracking matchers explode. */
static void globs_are_fast(void **state)
{
    static char text[8192], pattern[256];

    (void)state;
    memset(text, 'a', sizeof(text));
    for (size_t i = 0; i < sizeof(pattern); i++)
        pattern[i] = i % 2 ? 'a' : '*';
    pattern[sizeof(pattern) - 1] = 'b';
    int64_t start = rp_mono_us();
    assert_false(rp_text_glob((struct rp_str){text, sizeof(text)},
                              (struct rp_str){pattern, sizeof(pattern)}));
    memset(pattern, 'a', sizeof(pattern));
    pattern[0] = pattern[sizeof(pattern) - 1] = '*';
    pattern[1] = '?';
    pattern[sizeof(pattern) - 2] = 'b';
    assert_false(rp_text_glob((struct rp_str){text, sizeof(text)},
                              (struct rp_str){pattern, sizeof(pattern)}));
    assert_true(rp_mono_us() - start < 1000000);
}

static void contains_and_words(void **state)
{
    static const struct {
        const char *text, *words;
        bool word, contains;
    } cases[] = {
        {"vp, sales", "vp", true, true},
        {"svp of sales", "vp", false, true},
        {"vps", "vp", false, true},
        {"the vp", "vp", true, true},
        {"vp", "vp", true, true},
        {"svp, vp", "vp", true, true},
        {"head of sales", "head of", true, true},
        {"ahead of sales", "head of", false, true},
        {"vice-president", "president", true, true},
        {"c++ developer", "c++", true, true},
        {"c developer", "c++", false, false},
        {"c# developer", "c", true, true},
        {"cc", "c", false, true},
        {"vp_sales", "vp", false, true},
        {"vp2", "vp", false, true},
        {"日本語", "本", false, true},
        {"directeur・vp・paris", "vp", true, true}, /* punctuation outside of ASCII */
        {"evp", "évp", false, false},
        {"ävp", "vp", false, true}, /* a letter outside of ASCII */
        {"vpé", "vp", false, true},
        {"aa aa aaa a", "a", true, true},
        {"aa aa", "a a", false, true},
        {"", "vp", false, false},
        {"vp", "", false, true},
        {"", "", false, true},
    };

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        struct rp_str text = rp_str_from(cases[i].text), words = rp_str_from(cases[i].words);
        if (rp_text_word(text, words) != cases[i].word)
            fail_msg("word \"%s\" in \"%s\"", cases[i].words, cases[i].text);
        if (rp_text_contains(text, words) != cases[i].contains)
            fail_msg("\"%s\" within \"%s\"", cases[i].words, cases[i].text);
    }
}

static void texts_without_a_pointer_are_empty(void **state)
{
    struct rp_str none = {NULL, 0};
    struct rp_arena arena;

    (void)state;
    rp_arena_init(&arena);
    assert_int_equal(rp_text_fold(&arena, none).len, 0);
    assert_true(rp_text_glob(none, none));
    assert_true(rp_text_glob(none, RP_STR("*")));
    assert_true(rp_text_glob(none, RP_STR("**")));
    assert_false(rp_text_glob(none, RP_STR("*a*")));
    assert_false(rp_text_glob(none, RP_STR("?")));
    assert_false(rp_text_glob(RP_STR("a"), none));
    assert_true(rp_text_contains(none, none));
    assert_false(rp_text_contains(none, RP_STR("a")));
    assert_false(rp_text_word(none, RP_STR("a")));
    assert_false(rp_text_word(RP_STR("a"), none));
    assert_true(rp_utf8_valid(none));
    assert_int_equal(rp_text_distance(none, none, 2), 0);
    assert_int_equal(rp_text_distance(none, RP_STR("ab"), 2), 2);
    assert_ptr_equal(rp_str_end(none), NULL);
    rp_arena_fini(&arena);
}

static void utf8_is_checked(void **state)
{
    static const struct {
        const char *text;
        bool valid;
    } cases[] = {
        {"", true},
        {"plain", true},
        {"é ß 日本語 🌱 and much more text", true},
        {"\xc2\x80", true},
        {"\xc1\xbf", false}, /* overlong */
        {"\xc0\x80", false},
        {"\xe0\xa0\x80", true},
        {"\xe0\x9f\xbf", false}, /* overlong */
        {"\xed\x9f\xbf", true},
        {"\xed\xa0\x80", false}, /* surrogate */
        {"\xed\xbf\xbf", false},
        {"\xee\x80\x80", true},
        {"\xf0\x90\x80\x80", true},
        {"\xf0\x8f\xbf\xbf", false}, /* overlong */
        {"\xf4\x8f\xbf\xbf", true},
        {"\xf4\x90\x80\x80", false}, /* above U+10FFFF */
        {"\xf5\x80\x80\x80", false},
        {"\x80", false},
        {"\xff", false},
        {"\xc3", false},
        {"\xe2\x82", false},
        {"\xf0\x9f\x8c", false},
        {"\xc3(", false},
        {"12345678\xc3", false},
        {"1234567\xc3\xa9", true},
    };

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        if (rp_utf8_valid(rp_str_from(cases[i].text)) != cases[i].valid)
            fail_msg("case %zu", i);
    }
}

static void characters_are_written_as_read(void **state)
{
    char text[4];

    (void)state;
    for (uint32_t code = 0; code <= 0x10ffff; code++) {
        size_t size = rp_utf8_put(text, code);
        bool surrogate = code >= 0xd800 && code <= 0xdfff;
        assert_int_equal(rp_utf8_size(text, size), surrogate ? 0 : size);
        if (size > 1)
            assert_int_equal(rp_utf8_size(text, size - 1), 0);
    }
}

static void distances_are_bounded(void **state)
{
    static const struct {
        const char *a, *b;
        int max, distance;
    } cases[] = {
        {"", "", 2, 0},
        {"engagment", "engagement", 2, 1},
        {"fit", "fti", 2, 1},
        {"fit", "fat", 2, 1},
        {"fit", "", 3, 3},
        {"fit", "", 2, 3},
        {"kitten", "sitting", 3, 3},
        {"kitten", "sitting", 2, 3},
        {"abc", "xyz", 2, 3},
        {"abc", "abc", 0, 0},
        {"abc", "abd", 0, 1},
        {"a", "b", -1, 0},
        {"ca", "abc", 3, 3},
    };
    char longest[600];

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        struct rp_str a = rp_str_from(cases[i].a), b = rp_str_from(cases[i].b);
        assert_int_equal(rp_text_distance(a, b, cases[i].max), cases[i].distance);
        assert_int_equal(rp_text_distance(b, a, cases[i].max), cases[i].distance);
    }
    memset(longest, 'a', sizeof(longest));
    struct rp_str at = {longest, 255}, past = {longest, 256};
    assert_int_equal(rp_text_distance(at, (struct rp_str){longest, 254}, 2), 1);
    assert_int_equal(rp_text_distance(past, past, 2), 0);
    assert_int_equal(rp_text_distance(past, at, 2), 3);
}

int test_text(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folding_forgets_case_and_accents),
        cmocka_unit_test(folded_text_is_not_copied),
        cmocka_unit_test(folding_twice_changes_nothing),
        cmocka_unit_test(globs_match),
        cmocka_unit_test(globs_agree_with_their_meaning),
        cmocka_unit_test(globs_are_fast),
        cmocka_unit_test(contains_and_words),
        cmocka_unit_test(texts_without_a_pointer_are_empty),
        cmocka_unit_test(utf8_is_checked),
        cmocka_unit_test(characters_are_written_as_read),
        cmocka_unit_test(distances_are_bounded),
    };

    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
