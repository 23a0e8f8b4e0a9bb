/* SPDX-License-Identifier: MIT */
/* A directory of rules of any bytes. Files are parted by lines "==== PATH"; what comes before the
 * first is 10-rules.lua. A load ends in rules, or in findings that each say what; what is printed
 * as JSON is JSON; and packed files unpack to the same. */
#include "base/check.h"
#include "base/json_read.h"
#include "base/limits.h"
#include "engine/load.h"
#include "fuzz.h"

#define FILES_MAX 8
#define MARK      "\n==== "

/* Paths as a directory has them: each once, in order. */
static bool add_file(struct rp_files *files, struct rp_str path, struct rp_str text)
{
    size_t at = files->count;

    for (size_t i = 0; i < files->count; i++)
        if (rp_str_eq(files->items[i].path, path))
            return false;
    for (; at > 0 && rp_str_cmp(files->items[at - 1].path, path) > 0; at--)
        files->items[at] = files->items[at - 1];
    files->items[at] = (struct rp_source){.path = path, .text = text};
    files->count++;
    return true;
}

static void part_files(struct rp_files *files, struct rp_str all)
{
    struct rp_str path = RP_STR("10-rules.lua");

    while (files->count < FILES_MAX) {
        const char *mark = all.len ? memmem(all.ptr, all.len, MARK, sizeof MARK - 1) : NULL;
        size_t len = mark ? (size_t)(mark - all.ptr) + 1 : all.len;
        if (!add_file(files, path, (struct rp_str){all.ptr, len}) || !mark)
            return;
        all = (struct rp_str){mark + sizeof MARK - 1, all.len - len - (sizeof MARK - 2)};
        const char *end = all.len ? memchr(all.ptr, '\n', all.len) : NULL;
        if (!end || end == all.ptr)
            return;
        path = (struct rp_str){all.ptr, (size_t)(end - all.ptr)};
        all = (struct rp_str){end + 1, all.len - path.len - 1};
    }
}

static void check_findings(struct rp_arena *arena, const struct rp_findings *findings)
{
    struct rp_buf out = {0};
    struct rp_json json;
    enum rp_json_token token;

    for (size_t i = 0; i < findings->count; i++) {
        const struct rp_finding *finding = &findings->items[i];
        RP_ASSERT(finding->code.len == 4 && finding->message.len > 0);
        RP_ASSERT(finding->line >= 0 && finding->column >= 0);
    }
    rp_findings_print(&out, findings, true);
    RP_ASSERT(findings->count == 0 || out.len > 0);
    rp_buf_reset(&out);
    rp_findings_json(&out, findings);
    rp_json_init(&json, arena, rp_buf_view(&out));
    while ((token = rp_json_next(&json)) > RP_JSON_END)
        continue;
    RP_ASSERT(token == RP_JSON_END);
    rp_buf_fini(&out);
}

static void check_pack(struct rp_arena *arena, const struct rp_files *files)
{
    struct rp_files again;
    struct rp_err err = {0};

    RP_ASSERT(rp_files_unpack(arena, rp_files_pack(arena, files), &again, &err) == 0);
    RP_ASSERT(again.count == files->count);
    for (size_t i = 0; i < again.count; i++)
        RP_ASSERT(rp_str_eq(again.items[i].path, files->items[i].path) &&
                  rp_str_eq(again.items[i].text, files->items[i].text));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct rp_source items[FILES_MAX];
    struct rp_files files = {.items = items};
    struct rp_findings findings;
    struct rp_rules *rules = NULL;
    struct rp_arena arena;
    struct rp_err err = {0};

    if (size > RP_RULE_FILE_MAX)
        return 0;
    rp_arena_init(&arena);
    part_files(&files, (struct rp_str){(const char *)bytes, size});
    int status = rp_load(&arena, &files, NULL, &rules, &findings, &err);
    RP_ASSERT((status == 0) == (rules != NULL) && (status == 0) == (findings.errors == 0));
    RP_ASSERT(status == 0 || (status == err.status && err.text[0]));
    check_findings(&arena, &findings);
    check_pack(&arena, &files);
    if (rules) {
        struct rp_buf plan = {0};
        rp_rules_plan(&plan, rules);
        rp_buf_fini(&plan);
    }
    rp_rules_free(rules);
    rp_arena_fini(&arena);
    return 0;
}
