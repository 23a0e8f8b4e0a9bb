/* SPDX-License-Identifier: MIT */
/* Rules out of texts, for tests. */
#include "unit/engine/load_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

void load_begin(struct loaded *loaded)
{
    *loaded = (struct loaded){.files = {.items = NULL}};
    rp_arena_init(&loaded->arena);
    loaded->files.items = loaded->items;
}

void load_file(struct loaded *loaded, const char *path, const char *text)
{
    assert_true(loaded->files.count < RP_COUNT(loaded->items));
    loaded->items[loaded->files.count++] =
        (struct rp_source){.path = rp_str_from(path), .text = rp_str_from(text)};
}

void load_run(struct loaded *loaded)
{
    loaded->status = rp_load(&loaded->arena, &loaded->files, NULL, &loaded->rules,
                             &loaded->findings, &loaded->err);
}

void load_end(struct loaded *loaded)
{
    rp_rules_free(loaded->rules);
    rp_arena_fini(&loaded->arena);
}

void load_text(struct loaded *loaded, const char *text)
{
    load_begin(loaded);
    load_file(loaded, "00-model.lua",
              "dimension \"engagement\" { range = { 0, 200 }, half_life = \"21d\" }\n"
              "dimension \"fit\" { range = { 0, 100 }, kind = \"state\" }\n");
    load_file(loaded, "10-rules.lua", text);
    load_run(loaded);
}

const struct rp_finding *load_finding(const struct loaded *loaded, const char *code)
{
    for (size_t i = 0; i < loaded->findings.count; i++)
        if (rp_str_is(loaded->findings.items[i].code, code))
            return &loaded->findings.items[i];
    return NULL;
}

void load_must_succeed(struct loaded *loaded)
{
    struct rp_buf out = {0};

    if (loaded->status < 0) {
        rp_findings_print(&out, &loaded->findings, false);
        print_error("%s\n", out.ptr ? out.ptr : loaded->err.text);
        rp_buf_fini(&out);
    }
    assert_int_equal(loaded->status, 0);
    assert_non_null(loaded->rules);
}
