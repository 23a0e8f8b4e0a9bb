/* SPDX-License-Identifier: MIT */
/* Slips of authors who write another notation or come from a word processor; see slip.h. A table of
 * letters and two looks at what stands beside the word where Lua stopped. */
#include "engine/slip.h"

#include "base/check.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { KEYWORD_LEN_MAX = 8 }; /* "function" */

/* A letter in UTF-8 that looks like a plain one; quote: like a quote, else like a space. */
static const struct {
    const char *letter;
    bool quote;
} lookalikes[] = {
    {"\u201c", true},  {"\u201d", true},  {"\u201e", true},  {"\u00ab", true},
    {"\u00bb", true},  {"\u2018", true},  {"\u2019", true},  {"\u00a0", false},
    {"\u202f", false}, {"\u2009", false}, {"\u200b", false}, {"\ufeff", false},
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
        if (lookalikes[i].quote) {
            snprintf(text, size, "%s is not the quote that texts stand in", lookalikes[i].letter);
            snprintf(hint, hint_size, "type it straight: \"…\"");
        } else {
            snprintf(text, size, "this space is not a plain one; word processors make such");
            snprintf(hint, hint_size, "delete it and type it again");
        }
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

void rp_slip_explain(struct rp_str line, const char *message, int *column, char *text, size_t size,
                     char *hint, size_t hint_size)
{
    size_t at = 0, len;

    if (strstr(message, "near '<\\")) { /* a byte by its number */
        explain_letter(line, column, text, size, hint, hint_size);
        return;
    }
    for (int left = *column; at < line.len && left > 1; left--) {
        do {
            at++;
        } while (at < line.len && continues(line.ptr[at]));
    }
    if (*column <= 0) {
        return;
    }
    if (strstr(message, "<name> expected") && before(line, at) == ':') {
        snprintf(text, size, "a ':' stands where a '=' belongs");
        snprintf(hint, hint_size, "write field = value");
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
