/* SPDX-License-Identifier: MIT */
/* Loads each directory of tests/diagnostics/cases and compares what is printed about it with its
 * expected.txt. The directory's name starts with the code that must be among the findings; "clean"
 * must have none. `endpoints` lists the endpoints that are known; config.lua is read as ripen.lua.
 * `census` holds what a database would say ("event NAME COUNT", "trait SPELLING LEADS", "known
 * TRAIT LEADS", "fired RULE HITS", "fired all HITS", a line each), .before/ the rules that are
 * active there. With `expected.json`, the JSON form is compared too. With RIPEN_UPDATE_GOLDEN=1 the
 * expected texts are written anew, to be looked at. */
#include "base/buf.h"
#include "base/str.h"
#include "engine/census.h"
#include "engine/config.h"
#include "engine/diagnose.h"
#include "engine/load.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct one {
    struct rp_arena arena;
    char path[512];
    struct rp_findings findings;
    struct rp_buf printed, expected;
    bool loaded;
};

static bool read_text(const char *path, struct rp_buf *text)
{
    FILE *file = fopen(path, "rb");
    char bytes[4096];
    size_t got;

    if (file == NULL)
        return false;
    while ((got = fread(bytes, 1, sizeof bytes, file)) > 0)
        rp_buf_add(text, bytes, got);
    fclose(file);
    return true;
}

static const char *in_folder(struct one *one, const char *name)
{
    return rp_arena_printf(&one->arena, "%s/%s", one->path, name).ptr;
}

/* Names of known endpoints, a line each, with " crm" behind those that are one; -smtp, -url: what
 * the configuration lacks; nothing is known when there is no such file. */
static void read_endpoints(struct one *one, struct rp_load_options *options)
{
    struct rp_buf text = {0};
    struct rp_load_endpoint *known = RP_ARENA_ARRAY(&one->arena, struct rp_load_endpoint, 16);

    if (read_text(in_folder(one, "endpoints"), &text)) {
        options->endpoints = known;
        for (char *at = text.ptr, *end; at && (end = strchr(at, '\n')) != NULL; at = end + 1) {
            size_t len = strcspn(at, " \n");

            options->no_smtp |= strncmp(at, "-smtp\n", 6) == 0;
            options->no_url |= strncmp(at, "-url\n", 5) == 0;
            if (*at == '-')
                continue;
            known[options->endpoint_count++] = (struct rp_load_endpoint){
                .name = rp_arena_str(&one->arena, (struct rp_str){at, len}),
                .crm = strncmp(at + len, " crm\n", 5) == 0};
        }
    }
    rp_buf_fini(&text);
}

static void load_config(struct one *one)
{
    struct rp_config config;
    struct rp_err err;

    one->loaded = rp_config_load(&one->arena, in_folder(one, "config.lua"), &config, &one->findings,
                                 &err) == 0;
    for (size_t i = 0; i < one->findings.count; i++)
        one->findings.items[i].file = RP_STR("config.lua");
}

/* ---- What a database would say ----------------------------------------------------------------
 */

static struct rp_rules *load_before(struct one *one)
{
    struct rp_findings findings;
    struct rp_rules *rules = NULL;
    struct rp_files files;
    struct rp_err err = {0};

    if (access(in_folder(one, ".before"), R_OK) != 0)
        return NULL;
    if (rp_files_read(&one->arena, in_folder(one, ".before"), &files, &err) < 0 ||
        rp_load(&one->arena, &files, NULL, &rules, &findings, &err) < 0)
        printf("FAIL %s/.before: %s\n", one->path, err.text);
    return rules;
}

static void count_line(struct rp_census *census, const struct rp_rules *rules, const char *line)
{
    char what[16], name[100];
    unsigned count, number;

    if (sscanf(line, "%15s %99[^0-9] %u", what, name, &count) != 3)
        return;
    while (name[0] != '\0' && name[strlen(name) - 1] == ' ')
        name[strlen(name) - 1] = '\0';
    for (unsigned i = 0; i < count && strcmp(what, "event") == 0; i++)
        rp_census_event(census, rp_str_from(name));
    for (unsigned i = 0; i < count && strcmp(what, "trait") == 0; i++)
        rp_census_trait(census, rp_str_from(name), i + 1);
    number = rp_rules_field(rules, rp_str_from(name));
    if (strcmp(what, "known") == 0 && number != RP_NONE)
        census->with_field[number] = count;
    number = rp_rules_score(rules, rp_str_from(name));
    if (strcmp(what, "fired") == 0 && number != RP_NONE)
        census->fired[number] = count;
    for (number = 0; number < rules->score_count && strncmp(line, "fired all ", 10) == 0; number++)
        census->fired[number] = 1;
    census->events += strcmp(what, "event") == 0 ? count : 0;
}

static void ask_census(struct one *one, const struct rp_files *files, const struct rp_rules *rules)
{
    struct rp_diagnosis diagnosis = {
        .arena = &one->arena, .files = files, .findings = &one->findings};
    struct rp_rules *before = load_before(one);
    struct rp_buf text = {0};
    struct rp_census census;

    rp_census_init(&census, &one->arena, rules);
    census.leads = 100;
    census.whole = true;
    census.before = before;
    if (read_text(in_folder(one, "census"), &text)) {
        rp_buf_char(&text, '\0');
        for (const char *line = text.ptr; line; line = strchr(line, '\n')) {
            line += *line == '\n';
            count_line(&census, rules, line);
        }
        rp_lint_census(&diagnosis, rules, &census);
        rp_findings_sort(&one->findings);
        rp_census_print(&one->printed, rules, &census);
    }
    rp_buf_fini(&text);
    rp_rules_free(before);
}

static bool load(struct one *one)
{
    struct rp_load_options options = {.tests = true};
    struct rp_rules *rules = NULL;
    struct rp_files files;
    struct rp_err err = {0};

    if (access(in_folder(one, "config.lua"), R_OK) == 0) {
        load_config(one);
        return true;
    }
    if (rp_files_read(&one->arena, one->path, &files, &err) < 0) {
        printf("FAIL %s: %s\n", one->path, err.text);
        return false;
    }
    read_endpoints(one, &options);
    one->loaded = rp_load(&one->arena, &files, &options, &rules, &one->findings, &err) == 0;
    if (rules)
        ask_census(one, &files, rules);
    rp_rules_free(rules);
    return true;
}

static bool has_code(const struct one *one, const char *name)
{
    if (strncmp(name, "clean", 5) == 0)
        return one->loaded && one->findings.count == 0;
    for (size_t i = 0; i < one->findings.count; i++)
        if (strncmp(one->findings.items[i].code.ptr, name, 4) == 0)
            return one->loaded == (name[0] == 'W');
    return false;
}

static bool compare_text(struct one *one, const char *name, const char *file, struct rp_str got)
{
    bool right;

    one->expected.len = 0;
    if (getenv("RIPEN_UPDATE_GOLDEN") != NULL) {
        FILE *to = fopen(in_folder(one, file), "wb");

        if (to == NULL)
            return false;
        fwrite(got.ptr, 1, got.len, to);
        fclose(to);
        return true;
    }
    (void)read_text(in_folder(one, file), &one->expected);
    right = rp_str_eq(got, rp_buf_view(&one->expected));
    if (!right)
        printf("FAIL %s: expected in %s\n%.*s\ngot\n%.*s\n", name, file,
               RP_STR_ARG(rp_buf_view(&one->expected)), RP_STR_ARG(got));
    return right;
}

static bool compare_json(struct one *one, const char *name)
{
    struct rp_buf json = {0};
    bool right;

    if (access(in_folder(one, "expected.json"), R_OK) != 0)
        return true;
    rp_findings_json(&json, &one->findings);
    right = compare_text(one, name, "expected.json", rp_buf_view(&json));
    rp_buf_fini(&json);
    return right;
}

static bool compare(struct one *one, const char *name)
{
    bool right = has_code(one, name);

    if (!right)
        printf("FAIL %s: its code is not among the findings\n%s", name,
               one->printed.ptr ? one->printed.ptr : "");
    right &= compare_text(one, name, "expected.txt", rp_buf_view(&one->printed));
    return compare_json(one, name) && right;
}

static bool check(const char *folder, const char *name)
{
    struct one one = {.loaded = false};
    bool right = false;

    rp_arena_init(&one.arena);
    snprintf(one.path, sizeof one.path, "%s/%s", folder, name);
    if (load(&one)) {
        rp_findings_print(&one.printed, &one.findings, false);
        rp_buf_char(&one.printed, '\n');
        right = compare(&one, name);
    }
    rp_buf_fini(&one.printed);
    rp_buf_fini(&one.expected);
    rp_arena_fini(&one.arena);
    return right;
}

/* Every code of the table has a directory. */
static int count_missing(const char *folder)
{
    int missing = 0;

    for (int code = 0; code < RP_CODE_COUNT; code++) {
        const char *name = rp_code_info((enum rp_code)code)->code;
        DIR *cases = opendir(folder);
        struct dirent *entry;
        bool found = false;

        while (cases && (entry = readdir(cases)) != NULL)
            found |= strncmp(entry->d_name, name, 4) == 0;
        if (cases)
            closedir(cases);
        if (!found)
            printf("FAIL %s has no case\n", name);
        missing += !found;
    }
    return missing;
}

int main(int argc, char **argv)
{
    DIR *folder = argc > 1 ? opendir(argv[1]) : NULL;
    struct dirent *entry;
    int checked = 0, failed = 0;

    if (folder == NULL) {
        fprintf(stderr, "usage: diagnostics_run FOLDER\n");
        return 2;
    }
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        checked++;
        failed += !check(argv[1], entry->d_name);
    }
    closedir(folder);
    failed += count_missing(argv[1]);
    printf("%d directories, %d not as expected\n", checked, failed);
    return failed > 0 || checked < 60;
}
