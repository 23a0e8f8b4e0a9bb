/* SPDX-License-Identifier: MIT */
/* Slips of authors who write another notation or come from a word processor; see slip.h. A table of
 * letters and looks at what stands beside the word where Lua stopped. */
#include "engine/slip.h"

#include "base/check.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { KEYWORD_LEN_MAX = 8 }; /* "function" */

enum lookalike { LIKE_QUOTE, LIKE_MINUS, LIKE_SPACE };

/* Letters in UTF-8 that look like plain ones. */
static const struct {
    const char *letter;
    enum lookalike like;
} lookalikes[] = {
    {"\u201c", LIKE_QUOTE}, {"\u201d", LIKE_QUOTE}, {"\u201e", LIKE_QUOTE}, {"\u00ab", LIKE_QUOTE},
    {"\u00bb", LIKE_QUOTE}, {"\u2018", LIKE_QUOTE}, {"\u2019", LIKE_QUOTE}, {"\u2212", LIKE_MINUS},
    {"\u2013", LIKE_MINUS}, {"\u2014", LIKE_MINUS}, {"\u00a0", LIKE_SPACE}, {"\u202f", LIKE_SPACE},
    {"\u2009", LIKE_SPACE}, {"\u200b", LIKE_SPACE}, {"\ufeff", LIKE_SPACE},
};

/* What is said behind the letter, and what to do. */
static const struct {
    const char *text, *hint;
} liked[] = {
    [LIKE_QUOTE] = {"is not the quote that texts stand in", "type it straight: \"…\""},
    [LIKE_MINUS] = {"is a dash, not the minus of numbers", "type the plain one: -"},
    [LIKE_SPACE] = {"this space is not a plain one; word processors make such",
                    "delete it and type it again"},
};

static bool continues(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

/* The offset of the first letter beyond ASCII outside of quotes; line.len when there is none. */
static size_t foreign_at(struct rp_str line)
{
    char quote = '\0';

    for (size_t at = 0; at < line.len; at++) {
        char byte = line.ptr[at];

        if (quote == '\0' && (unsigned char)byte >= 0x80) {
            return at;
        }
        if (quote != '\0' && byte == '\\') {
            at++;
        } else if (byte == quote) {
            quote = '\0';
        } else if (quote == '\0' && (byte == '"' || byte == '\'')) {
            quote = byte;
        }
    }
    return line.len;
}

static void explain_letter(struct rp_str line, int *column, char *text, size_t size, char *hint,
                           size_t hint_size)
{
    size_t at = foreign_at(line);
    struct rp_str letter = {line.ptr + at, 1};

    if (at == line.len) {
        return;
    }
    while (at + letter.len < line.len && continues(line.ptr[at + letter.len])) {
        letter.len++;
    }
    *column = 1;
    for (size_t i = 0; i < at; i++) {
        *column += !continues(line.ptr[i]);
    }
    for (size_t i = 0; i < RP_COUNT(lookalikes); i++) {
        if (!rp_str_is(letter, lookalikes[i].letter)) {
            continue;
        }
        if (lookalikes[i].like == LIKE_SPACE)
            snprintf(text, size, "%s", liked[LIKE_SPACE].text);
        else
            snprintf(text, size, "%s %s", lookalikes[i].letter, liked[lookalikes[i].like].text);
        snprintf(hint, hint_size, "%s", liked[lookalikes[i].like].hint);
        return;
    }
    snprintf(text, size, "'%.*s' stands outside of quotes", RP_STR_ARG(letter));
    snprintf(hint, hint_size, "a field with such letters is written [\"…\"] = value");
}

/* What stands in front of the word, over spaces; NUL: nothing. */
static char before(struct rp_str line, size_t at)
{
    while (at > 0 && line.ptr[at - 1] == ' ') {
        at--;
    }
    return at > 0 ? line.ptr[at - 1] : '\0';
}

/* The length of the word at `at` when a single = follows, so that it was meant as a field; else 0.
 */
static size_t field_len(struct rp_str line, size_t at)
{
    size_t end = at, mark;

    while (end < line.len && line.ptr[end] >= 'a' && line.ptr[end] <= 'z') {
        end++;
    }
    for (mark = end; mark < line.len && line.ptr[mark] == ' '; mark++) {
    }
    if (mark >= line.len || line.ptr[mark] != '=' ||
        (mark + 1 < line.len && line.ptr[mark + 1] == '=')) {
        return 0;
    }
    return end - at <= KEYWORD_LEN_MAX ? end - at : 0;
}

/* The offset of the character in this column, from 1. */
static size_t offset_of(struct rp_str line, int column)
{
    size_t at = 0;

    for (; at < line.len && column > 1; column--) {
        do {
            at++;
        } while (at < line.len && continues(line.ptr[at]));
    }
    return at;
}

static bool stands_at(struct rp_str line, size_t at, const char *text)
{
    return rp_str_starts((struct rp_str){line.ptr + at, line.len - at}, rp_str_from(text));
}

/* Comments as other languages write them. */
static bool is_comment(struct rp_str line, size_t at)
{
    return stands_at(line, at, "//") || stands_at(line, at, "/*") || stands_at(line, at, "<!--") ||
           (stands_at(line, at, "#") && before(line, at) == '\0');
}

static bool is_digit(struct rp_str line, size_t at)
{
    return at < line.len && line.ptr[at] >= '0' && line.ptr[at] <= '9';
}

void rp_slip_explain(struct rp_str line, const char *message, int *column, char *text, size_t size,
                     char *hint, size_t hint_size)
{
    size_t at, len;

    if (strstr(message, "near '<\\")) { /* a byte by its number */
        explain_letter(line, column, text, size, hint, hint_size);
        return;
    }
    if (*column <= 0) {
        return;
    }
    at = offset_of(line, *column);
    if (strstr(message, "<name> expected") && before(line, at) == ':') {
        snprintf(text, size, "a ':' stands where a '=' belongs");
        snprintf(hint, hint_size, "write field = value");
    } else if (strstr(message, "unexpected symbol") && is_comment(line, at)) {
        snprintf(text, size, "this is no comment here");
        snprintf(hint, hint_size, "a comment starts with --, to the end of the line");
    } else if (strstr(message, "unexpected symbol near '+'") && is_digit(line, at + 1)) {
        snprintf(text, size, "a number has no '+' in front");
        snprintf(hint, hint_size, "write it without");
    } else if (strstr(message, "unexpected symbol")) {
        len = field_len(line, at);
        if (len > 0) {
            snprintf(text, size, "'%.*s' is a word of Lua, so it cannot name a field as it stands",
                     (int)len, line.ptr + at);
            snprintf(hint, hint_size, "write [\"%.*s\"] = value, or choose another name", (int)len,
                     line.ptr + at);
        }
    }
}

/* ---- Values that Lua can read ---------------------------------------------------------------- */

static bool in_word(struct rp_str line, size_t at)
{
    return at < line.len && (isalnum((unsigned char)line.ptr[at]) || line.ptr[at] == '_');
}

static struct rp_str word_at(struct rp_str line, size_t at)
{
    size_t end = at;

    while (in_word(line, end)) {
        end++;
    }
    return (struct rp_str){line.ptr + at, end - at};
}

/* The offset of what follows, over spaces. */
static size_t behind(struct rp_str line, size_t at)
{
    while (at < line.len && (line.ptr[at] == ' ' || line.ptr[at] == '\t')) {
        at++;
    }
    return at;
}

struct rp_str rp_slip_unquoted(struct rp_arena *arena, struct rp_str line, int column)
{
    struct rp_str word = word_at(line, offset_of(line, column));

    if (column <= 0 || word.len == 0) {
        return RP_STR("");
    }
    return rp_arena_printf(arena, "a text stands in quotes: \"%.*s\"", RP_STR_ARG(word));
}

struct rp_str rp_slip_loose(struct rp_arena *arena, struct rp_str line, int column)
{
    size_t at = offset_of(line, column), start;
    struct rp_str after = word_at(line, at);

    if (column > 1 && at >= 2 && is_digit(line, at) && line.ptr[at - 1] == ',' &&
        is_digit(line, at - 2)) {
        for (start = at - 1; start > 0 && is_digit(line, start - 1); start--) {
        }
        return rp_arena_printf(arena, "a decimal number has a point: %.*s.%.*s",
                               (int)(at - 1 - start), line.ptr + start, RP_STR_ARG(after));
    }
    return RP_STR("write field = value; several values of one field stand in {…}");
}

struct rp_str rp_slip_unknown(struct rp_arena *arena, struct rp_str line, int column)
{
    static const struct {
        const char *word, *value;
    } answers[] = {{"yes", "true"}, {"True", "true"},   {"TRUE", "true"},   {"on", "true"},
                   {"no", "false"}, {"False", "false"}, {"FALSE", "false"}, {"off", "false"},
                   {"oui", "true"}, {"vrai", "true"},   {"non", "false"},   {"faux", "false"}};
    size_t at = offset_of(line, column), next;
    struct rp_str word = word_at(line, at);

    if (column <= 0 || word.len == 0) {
        return RP_STR("");
    }
    next = behind(line, at + word.len);
    if (stands_at(line, next, "==") && before(line, at) != '(' && before(line, at) != '=') {
        return rp_arena_printf(arena, "a field gets its value with one '=': %.*s = …",
                               RP_STR_ARG(word));
    }
    if (before(line, at) != '=' || (next < line.len && !strchr(",};-", line.ptr[next]))) {
        return RP_STR("");
    }
    for (size_t i = 0; i < RP_COUNT(answers); i++) {
        if (rp_str_is(word, answers[i].word)) {
            return rp_arena_printf(arena, "write %s", answers[i].value);
        }
    }
    return rp_slip_unquoted(arena, line, column);
}
