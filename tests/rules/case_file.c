/* SPDX-License-Identifier: MIT */
/* Reads files of golden cases. It knows the sections, not what their lines mean. */
#include "rules/case_file.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

enum section { SECTION_FILE, SECTION_EVENTS, SECTION_EXPECT };

struct rp_str case_trim(struct rp_str text)
{
    while (text.len && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text = (struct rp_str){text.ptr + 1, text.len - 1};
    while (text.len && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\r'))
        text.len--;
    return text;
}

struct rp_str case_word(struct rp_str *rest)
{
    struct rp_str text = case_trim(*rest), word = {text.ptr, 0};

    while (word.len < text.len && text.ptr[word.len] != ' ')
        word.len++;
    *rest = case_trim((struct rp_str){text.ptr + word.len, text.len - word.len});
    return word;
}

static void add_line(struct rp_arena *arena, struct case_line **lines, size_t *count,
                     struct rp_str text, int line)
{
    struct case_line *grown;

    if (text.len == 0 || text.ptr[0] == '#')
        return;
    grown = RP_ARENA_ARRAY(arena, struct case_line, *count + 1);
    if (*count)
        memcpy(grown, *lines, *count * sizeof(*grown));
    grown[(*count)++] = (struct case_line){text, line};
    *lines = grown;
}

_Noreturn static void malformed(const char *path, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", path, line, what);
    exit(2);
}

static void open_section(struct golden_case *one, const char *path, int line, struct rp_str head,
                         enum section *section)
{
    struct rp_str word = case_word(&head);

    if (!one)
        malformed(path, line, "a section stands before the first ===");
    if (rp_str_is(word, "events")) {
        *section = SECTION_EVENTS;
    } else if (rp_str_is(word, "expect")) {
        *section = SECTION_EXPECT;
    } else if (rp_str_is(word, "file") && one->file_count < RP_COUNT(one->files)) {
        *section = SECTION_FILE;
        one->files[one->file_count++] = (struct case_input){.path = head};
    } else {
        malformed(path, line, "a section is `--- file PATH`, `--- events` or `--- expect`");
    }
}

struct golden_case *case_file_parse(struct rp_arena *arena, const char *path, struct rp_str text,
                                    size_t *ret_count)
{
    struct golden_case *cases = NULL, *one = NULL;
    enum section section = SECTION_FILE;
    size_t at = 0, count = 0, cap = 0;

    for (int line = 1; at < text.len; line++) {
        struct rp_str row = {text.ptr + at, 0};

        while (at + row.len < text.len && text.ptr[at + row.len] != '\n')
            row.len++;
        at += row.len + 1;
        if (rp_str_starts(row, RP_STR("=== "))) {
            cases = rp_grow(cases, &cap, count + 1, sizeof(*cases));
            one = &cases[count++];
            *one = (struct golden_case){.line = line};
            one->name = case_trim((struct rp_str){row.ptr + 4, row.len - 4});
            one->files[0] = (struct case_input){.path = RP_STR("rules.lua")};
            one->file_count = 1;
            section = SECTION_FILE;
        } else if (rp_str_starts(row, RP_STR("--- "))) {
            open_section(one, path, line, (struct rp_str){row.ptr + 4, row.len - 4}, &section);
        } else if (!one) {
            if (row.len && row.ptr[0] != '#')
                malformed(path, line, "text stands before the first ===");
        } else if (section == SECTION_FILE) {
            struct case_input *file = &one->files[one->file_count - 1];

            if (file->text.ptr)
                file->text.len += row.len + 1;
            else
                file->text = (struct rp_str){row.ptr, row.len + 1};
        } else if (section == SECTION_EVENTS) {
            add_line(arena, &one->events, &one->event_count, case_trim(row), line);
        } else {
            add_line(arena, &one->expects, &one->expect_count, case_trim(row), line);
        }
    }
    *ret_count = count;
    return cases;
}
