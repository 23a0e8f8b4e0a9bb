/* SPDX-License-Identifier: MIT */
/* The course of a load: run the files, join places, check forms and names, compile, index. Knows
 * the order and the bounds; each step stands in its own file. Invariants: all findings of all steps
 * are gathered before anything is refused; rules leave here complete or not at all; the Lua state
 * is gone at the end. */
#include "engine/load.h"

#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/compile.h"
#include "engine/declare.h"
#include "engine/files.h"
#include "engine/index.h"
#include "engine/lint.h"
#include "engine/scan.h"
#include "engine/vm.h"

#include <stdlib.h>
#include <strings.h>

#define LOAD_HEAP_BYTES ((size_t)20 << 20) /* trees are in C; Lua holds files and their tables */

struct load {
    struct rp_arena scratch;
    struct rp_diagnosis diagnosis;
    const struct rp_files *files;
    struct rp_recorder recorder;
    struct rp_scope scope;
    struct rp_node weights;
    bool has_weights;
    bool skips_reads;
    bool with_tests;
    bool quiet; /* a file could not be run to its end */
};

/* ---- Files ----------------------------------------------------------------------------------- */

static bool is_read(const struct load *load, struct rp_str path)
{
    return rp_str_ends(path, RP_STR(".lua")) && !rp_str_is(path, "ripen.lua") &&
           (load->with_tests || !rp_str_starts(path, RP_STR("tests/")));
}

static void report_file(struct load *load, enum rp_code code, uint32_t file, int line,
                        const char *text)
{
    rp_diagnose(&load->diagnosis, code, (struct rp_place){.file = file, .line = line}, 1,
                rp_str_from(rp_code_info(code)->remedy), "%s", text);
}

/* What bytes that are no UTF-8 seem to be, and what to do in the program that made them. */
static void report_bytes(struct load *load, uint32_t file, struct rp_str text)
{
    bool office =
        rp_str_starts(text, RP_STR("PK\3\4")) || rp_str_starts(text, RP_STR("\xd0\xcf\x11\xe0"));
    bool wide = rp_str_starts(text, RP_STR("\xff\xfe")) || rp_str_starts(text, RP_STR("\xfe\xff"));

    if (office)
        rp_diagnose(&load->diagnosis, RP_CODE_UTF8, (struct rp_place){.file = file}, 1,
                    RP_STR("save it there as plain text, UTF-8 (a list as CSV UTF-8)"),
                    "this is a document of Word, Excel or the like, not a text file");
    else
        rp_diagnose(&load->diagnosis, RP_CODE_UTF8, (struct rp_place){.file = file}, 1,
                    RP_STR("save it again; the editor's \"Save as\" offers UTF-8 as encoding"),
                    "the file is not UTF-8 text%s",
                    wide ? " but UTF-16, which Windows calls Unicode" : "");
}

static bool is_text(struct load *load, uint32_t file)
{
    struct rp_str text = load->files->items[file].text;

    if (text.len > 0 && (!rp_utf8_valid(text) || memchr(text.ptr, '\0', text.len) != NULL)) {
        report_bytes(load, file, text);
        return false;
    }
    if (text.len > RP_RULE_FILE_MAX) {
        report_file(load, RP_CODE_TOO_MANY, file, 0, "the file is larger than 1 MiB");
        return false;
    }
    return true;
}

/* In a file that stopped, the last declaration is the one in which it did. */
static void report_unfinished(struct load *load, uint32_t first, bool ran)
{
    for (uint32_t i = first; i < load->recorder.count; i++) {
        struct rp_declared *one = &load->recorder.declared[i];

        if (one->complete)
            continue;
        one->broken = true;
        if (!ran && i + 1 == load->recorder.count)
            break;
        rp_diagnose(&load->diagnosis, RP_CODE_UNFINISHED, one->place, (int)strlen(one->decl->name),
                    rp_str_from(one->decl->example), "%s \"%.*s\" has no {…} behind it",
                    one->decl->name, RP_STR_ARG(one->name));
    }
}

static void run_file(struct load *load, struct rp_sandbox *sandbox, uint32_t file)
{
    const struct rp_source *source = &load->files->items[file];
    bool weights = rp_str_is(source->path, "weights.lua");
    uint32_t first = load->recorder.count;
    struct rp_outline *outline;
    bool ran;

    if (!is_text(load, file)) {
        load->quiet = true;
        return;
    }
    load->recorder.returns = weights;
    ran = rp_recorder_run(&load->recorder, sandbox, file, source);
    outline = rp_outline_new(&load->scratch, source->text);
    if (load->recorder.count > first)
        rp_place_declared(&load->recorder.declared[first], load->recorder.count - first, file,
                          outline);
    rp_place_duplicates(&load->diagnosis, file, outline);
    if (ran && !load->skips_reads)
        rp_lint_reads(&load->recorder, sandbox, file, first);
    if (!ran || load->recorder.findings_here > 0)
        load->quiet = true;
    report_unfinished(load, first, ran);
    if (weights && ran) {
        load->weights = load->recorder.returned;
        load->has_weights = true;
        rp_place_returned(&load->weights, file, outline);
        if (load->recorder.count > first)
            report_file(load, RP_CODE_OVERRIDE_FORM, file, 1,
                        "weights.lua changes numbers and declares nothing");
    } else if (ran && load->recorder.count == first && source->path.len == strlen("weights.lua") &&
               strncasecmp(source->path.ptr, "weights.lua", source->path.len) == 0) {
        rp_diagnose(&load->diagnosis, RP_CODE_EMPTY_FILE,
                    (struct rp_place){.file = file, .line = 1}, 1,
                    RP_STR("name it weights.lua, in small letters"), "the file declares nothing");
    } else if (ran && load->recorder.count == first && load->recorder.findings_here == 0) {
        report_file(load, RP_CODE_EMPTY_FILE, file, 1, "the file declares nothing");
    }
}

static int run_files(struct load *load, struct rp_err *err)
{
    struct rp_sandbox *sandbox = rp_recorder_sandbox(&load->recorder, LOAD_HEAP_BYTES, err);

    if (sandbox == NULL)
        return RIPEN_EBUDGET;
    rp_sandbox_begin(sandbox, RP_PHASE_DECLARE, RP_LOAD_STEPS_MAX);
    for (uint32_t i = 0; i < load->files->count; i++) {
        if (rp_files_misnamed(load->files->items[i].path))
            report_file(load, RP_CODE_MISNAMED, i, 0,
                        "the file is not read, since its name does not end in .lua");
        else if (!rp_str_ends(load->files->items[i].path, RP_STR(".lua")))
            (void)is_text(load, i); /* a list or a template */
        if (!is_read(load, load->files->items[i].path))
            continue;
        run_file(load, sandbox, i);
        if (load->recorder.spent)
            break;
    }
    rp_sandbox_free(sandbox);
    return 0;
}

/* ---- Rules ----------------------------------------------------------------------------------- */

static void keep_sources(struct rp_rules *rules, const struct rp_files *files)
{
    struct rp_buf bytes = {0};

    rules->sources = RP_ARENA_ARRAY(&rules->arena, struct rp_source, files->count);
    rules->source_count = (uint32_t)files->count;
    for (size_t i = 0; i < files->count; i++) {
        const struct rp_source *source = &files->items[i];

        rules->sources[i].path = rp_arena_str(&rules->arena, source->path);
        rules->sources[i].text = rp_arena_str(&rules->arena, source->text);
        rp_buf_printf(&bytes, "%zu %.*s %zu ", source->path.len, RP_STR_ARG(source->path),
                      source->text.len);
        rp_buf_str(&bytes, source->text);
    }
    for (uint32_t i = 0; i < rules->score_count; i++) {
        const struct rp_score *score = &rules->scores[i];

        if (score->disabled)
            rp_buf_printf(&bytes, " disabled %zu %.*s", score->name.len, RP_STR_ARG(score->name));
    }
    rp_sha256_hex(bytes.ptr ? bytes.ptr : "", bytes.len, rules->hash);
    rp_buf_fini(&bytes);
}

static struct rp_rules *compile_rules(struct load *load)
{
    struct rp_rules *rules = rp_calloc(1, sizeof *rules);
    struct rp_compile compile = {.rules = rules,
                                 .arena = &load->scratch,
                                 .scope = &load->scope,
                                 .diagnosis = &load->diagnosis,
                                 .files = load->files,
                                 .with_tests = load->with_tests,
                                 .declared = load->recorder.declared,
                                 .count = load->recorder.count};

    rp_arena_init(&rules->arena);
    if (load->has_weights)
        compile.weights = &load->weights;
    rules->tests = RP_ARENA_ARRAY(&rules->arena, struct rp_test_fn, load->recorder.functions);
    rules->test_count = load->recorder.functions;
    rp_compile(&compile);
    return rules;
}

static void put_out_of_action(struct rp_rules *rules, const struct rp_load_options *options)
{
    for (size_t i = 0; options && i < options->disabled_count; i++) {
        uint32_t score = rp_rules_score(rules, options->disabled[i]);

        if (score == RP_NONE || !rules->scores[score].enabled)
            continue;
        rules->scores[score].disabled = true;
        rules->scores[score].enabled = false;
    }
}

/* Test functions that cannot be made free of memory are found now, not at the first event. */
static void check_tests(struct load *load, const struct rp_rules *rules)
{
    struct rp_err err = {0};
    struct rp_vm *vm;

    if (load->diagnosis.findings->errors > 0 || rules->test_count == 0)
        return;
    vm = rp_vm_new(rules, &err);
    if (vm == NULL)
        rp_diagnose(&load->diagnosis, RP_CODE_REMEMBERS, rules->tests[0].place, 1,
                    rp_str_from(rp_code_info(RP_CODE_REMEMBERS)->remedy), "%s", err.text);
    rp_vm_free(vm);
}

static int finish(const struct rp_findings *findings, const struct rp_load_options *options,
                  struct rp_err *err)
{
    bool strict = options && options->strict;
    const struct rp_finding *first = NULL;

    if (findings->errors == 0 && !(strict && findings->warnings > 0))
        return 0;
    for (size_t i = 0; i < findings->count; i++) {
        const struct rp_finding *finding = &findings->items[i];

        if (first == NULL ||
            (first->severity != RP_SEVERITY_ERROR && finding->severity == RP_SEVERITY_ERROR))
            first = finding;
    }
    RP_ASSERT(first != NULL);
    return rp_err_at(err, RIPEN_ERULE, first->file, first->line, "%.*s",
                     RP_STR_ARG(first->message));
}

/* The trees live on with the arena that they were made in. */
static void keep_declarations(const struct load *load, struct rp_declarations *ret_declarations)
{
    *ret_declarations = (struct rp_declarations){
        .arena = load->scratch, .items = load->recorder.declared, .count = load->recorder.count};
    if (load->has_weights)
        ret_declarations->weights = load->weights;
}

int rp_load(struct rp_arena *arena, const struct rp_files *files,
            const struct rp_load_options *options, struct rp_rules **ret_rules,
            struct rp_findings *findings, struct rp_err *err)
{
    struct load load = {.files = files,
                        .skips_reads = options && options->skips_reads,
                        .with_tests = options && options->tests};
    struct rp_rules *rules = NULL;
    int status;

    *findings = (struct rp_findings){.max = options ? options->findings_max : 0};
    rp_arena_init(&load.scratch);
    load.diagnosis = (struct rp_diagnosis){.arena = arena, .files = files, .findings = findings};
    load.recorder = (struct rp_recorder){.arena = &load.scratch,
                                         .diagnosis = &load.diagnosis,
                                         .decls = rp_schema_decls,
                                         .calls = rp_schema_calls};
    status = run_files(&load, err);
    if (status < 0)
        goto out;
    load.scope = (struct rp_scope){.arena = &load.scratch,
                                   .diagnosis = &load.diagnosis,
                                   .options = options,
                                   .quiet = load.quiet};
    if (load.recorder.spent) { /* nothing more is looked at */
        rp_findings_sort(findings);
        status = finish(findings, options, err);
        goto out;
    }
    rp_scope_collect(&load.scope, files, load.recorder.declared, load.recorder.count);
    rp_check_declared(&load.scope, load.recorder.declared, load.recorder.count);
    rules = compile_rules(&load);
    put_out_of_action(rules, options);
    keep_sources(rules, files);
    check_tests(&load, rules);
    if (findings->errors == 0) {
        rules->index = rp_index_new(rules);
        rp_lint_dispatch(&load.diagnosis, rules);
    }
    rp_findings_sort(findings);
    status = finish(findings, options, err);
    if (status < 0)
        goto out;
    *ret_rules = rules;
    rules = NULL;
out:
    rp_rules_free(rules);
    if (options && options->declarations)
        keep_declarations(&load, options->declarations);
    else
        rp_arena_fini(&load.scratch);
    return status;
}
