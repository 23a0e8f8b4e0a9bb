/* SPDX-License-Identifier: MIT */
/* ripen import: events out of files into the database, NDJSON, CSV with a map, or CSV as a CRM
 * exports it. */
#include "base/json_write.h"
#include "cli/commands.h"
#include "cli/import.h"
#include "cli/import_dry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { DRY_ROWS_SHOWN = 50 };

struct arguments {
    const char *file, *db, *rules, *map, *config, *format_text, *suppress;
    struct rp_preset_wish preset;
    struct rp_addresses objected;
    enum rp_format format;
    bool history, dry_run;
};

static bool ends_with(const char *text, size_t len, const char *end)
{
    size_t end_len = strlen(end);

    return len >= end_len && strncasecmp(text + len - end_len, end, end_len) == 0;
}

static bool named_csv(const char *path)
{
    size_t len = strlen(path);

    len -= ends_with(path, len, ".gz") ? 3 : 0;
    return ends_with(path, len, ".csv") || ends_with(path, len, ".tsv");
}

/* Whether the file is what it is taken for. */
static int check_kind(const struct arguments *arguments, struct rp_import_file *file,
                      struct rp_err *err)
{
    int first = rp_import_first(file);

    if (arguments->map && first == '{') {
        return rp_err_set(err, RIPEN_EINPUT,
                          "%s looks like JSON, one event a line; --map is for CSV, leave it out",
                          arguments->file);
    }
    if (!arguments->map && !arguments->preset.preset &&
        (named_csv(arguments->file) || (first >= 0 && first != '{'))) {
        return rp_err_set(err, RIPEN_EINPUT,
                          "%s is not JSON, one event a line; if it is CSV, say with --map FILE.lua "
                          "what its columns mean (see examples/imports), or with --preset whose "
                          "export it is",
                          arguments->file);
    }
    return 0;
}

static int open_rows(struct rp_setup *setup, const struct arguments *arguments,
                     struct rp_import_file *file, struct rp_import_preset *preset,
                     struct rp_import_rows **ret_rows, struct rp_err *err)
{
    struct rp_mapping *mapping = NULL;
    struct rp_findings findings = {0};
    int status = check_kind(arguments, file, err);

    if (status == 0 && arguments->map) {
        status = rp_mapping_load(&setup->arena, arguments->map, &mapping, &findings, err);
    }
    if (status == 0) {
        status = preset ? rp_import_rows_preset(file, preset, ret_rows, err)
                        : rp_import_rows_new(file, mapping, ret_rows, &findings, err);
    }
    if (findings.count > 0) {
        struct rp_buf out = {0};

        rp_findings_print(&out, &findings, rp_colour(STDERR_FILENO));
        fwrite(out.ptr, 1, out.len, stderr);
        rp_buf_fini(&out);
    }
    return status;
}

static double per_second(const struct rp_import_result *result)
{
    double events = (double)(result->accepted + result->duplicates);

    return result->micros > 0 ? events * 1e6 / (double)result->micros : 0;
}

static void print_text(const struct rp_import_result *result, struct rp_buf *out)
{
    for (size_t i = 0; i < result->reason_count; i++) {
        const struct rp_import_reason *reason = &result->reasons[i];

        fprintf(stderr, "ripen: line %zu rejected (%s): %.*s\n", reason->line, reason->code,
                RP_STR_ARG(reason->message));
    }
    if (result->rejected > result->reason_count) {
        fprintf(stderr, "ripen: %zu more were rejected\n", result->rejected - result->reason_count);
    }
    rp_buf_printf(out, "%zu rows: %zu accepted, %zu duplicates, %zu rejected", result->rows,
                  result->accepted, result->duplicates, result->rejected);
    if (result->skipped > 0) {
        rp_buf_printf(out, ", %zu left out by the map", result->skipped);
    }
    rp_buf_printf(out, "; %zu lead%s; %.1f s, %.0f events/s\n", result->leads,
                  result->leads == 1 ? "" : "s", (double)result->micros / 1e6, per_second(result));
}

static void print_json(const struct rp_import_result *result, struct rp_buf *out)
{
    struct rp_jw jw = rp_jw(out);

    rp_jw_object(&jw);
    rp_jw_put_int(&jw, "rows", (int64_t)result->rows);
    rp_jw_put_int(&jw, "accepted", (int64_t)result->accepted);
    rp_jw_put_int(&jw, "duplicates", (int64_t)result->duplicates);
    rp_jw_put_int(&jw, "rejected", (int64_t)result->rejected);
    rp_jw_put_int(&jw, "skipped", (int64_t)result->skipped);
    rp_jw_put_int(&jw, "leads", (int64_t)result->leads);
    rp_jw_put_milli(&jw, "seconds", result->micros / 1000);
    rp_jw_put_int(&jw, "events_per_second", (int64_t)per_second(result));
    rp_jw_key(&jw, "reasons");
    rp_jw_array(&jw);
    for (size_t i = 0; i < result->reason_count; i++) {
        rp_jw_object(&jw);
        rp_jw_put_int(&jw, "line", (int64_t)result->reasons[i].line);
        rp_jw_put_text(&jw, "code", result->reasons[i].code);
        rp_jw_put_str(&jw, "message", result->reasons[i].message);
        rp_jw_object_end(&jw);
    }
    rp_jw_array_end(&jw);
    rp_jw_object_end(&jw);
}

/* Prints what was done, also of a run that failed on its way. */
static int tell(const struct arguments *arguments, struct rp_import_result *result, int status,
                const struct rp_err *err)
{
    struct rp_buf out = {0};
    int exit_status;

    arguments->format == RP_FORMAT_JSON ? print_json(result, &out) : print_text(result, &out);
    exit_status = rp_print(&out);
    if (exit_status == RP_EXIT_DONE && result->rejected > 0) {
        exit_status = RP_EXIT_PROBLEMS;
    }
    if (status != 0) {
        exit_status = rp_fail(err);
        fputs("ripen: the import stopped there; what was committed before stays, and a second "
              "import finds it as duplicates\n",
              stderr);
    }
    rp_import_result_fini(result);
    return exit_status;
}

static void remark(const struct rp_import_preset *preset)
{
    struct rp_buf out = {0};

    if (preset) {
        rp_preset_remarks(preset, &out);
        fwrite(out.ptr ? out.ptr : "", 1, out.len, stderr);
    }
    rp_buf_fini(&out);
}

static int run(struct rp_setup *setup, const struct arguments *arguments,
               struct rp_import_file *file, struct rp_import_rows *rows,
               const struct rp_import_preset *preset)
{
    struct rp_core_options core_options = {
        .db_path = rp_setup_db(setup, arguments->db),
        .mode = RP_STORE_SERVE,
        .clock = rp_clock_system(),
        .no_actions = arguments->history,
    };
    struct rp_import_options options = {
        .file = file,
        .rows = rows,
        .now_ms = rp_clock_system().now_ms(NULL),
        .progress = isatty(STDERR_FILENO),
    };
    struct rp_import_result result;
    struct rp_err err = {0};
    int status = rp_core_open(&core_options, &options.core, &err);
    int exit_status;

    if (status != 0) {
        rp_rules_free(setup->rules);
        return rp_fail(&err);
    }
    status = rp_core_rules(options.core, setup->rules, &setup->files, RP_STR("import"), &err);
    if (status == 0) { /* first: what the rows cause is held back already */
        status = rp_import_suppress(options.core, &arguments->objected, arguments->suppress, &err);
    }
    if (status != 0) {
        exit_status = rp_fail(&err);
    } else {
        status = rp_import_run(&options, &result, &err);
        if (status == 0 && preset) {
            status = rp_import_suppress(options.core, rp_preset_opted_out(preset), arguments->file,
                                        &err);
        }
        remark(preset);
        exit_status = tell(arguments, &result, status, &err);
    }
    rp_core_close(options.core);
    return exit_status;
}

static int dry_run(struct rp_setup *setup, const struct arguments *arguments,
                   struct rp_import_rows *rows)
{
    struct rp_buf out = {0};
    struct rp_err err = {0};
    size_t rejected = 0;
    int status =
        rp_import_dry(rows, rp_setup_db(setup, arguments->db), rp_clock_system().now_ms(NULL),
                      arguments->format == RP_FORMAT_JSON, DRY_ROWS_SHOWN, &out, &rejected, &err);

    if (status != 0) {
        rp_buf_fini(&out);
        return rp_fail(&err);
    }
    status = rp_print(&out);
    return status == RP_EXIT_DONE && rejected > 0 ? RP_EXIT_PROBLEMS : status;
}

static int read_objected(struct rp_setup *setup, struct arguments *arguments, struct rp_err *err)
{
    size_t passed;
    int status =
        rp_addresses_read(&arguments->objected, &setup->arena, arguments->suppress, &passed, err);

    arguments->preset.objected = &arguments->objected;
    if (status == 0 && passed > 0) {
        fprintf(stderr, "%zu line%s of %s begin%s with no address, and %s passed over\n", passed,
                passed == 1 ? "" : "s", arguments->suppress, passed == 1 ? "s" : "",
                passed == 1 ? "is" : "are");
    }
    return status;
}

/* The file and its map are judged before the database is touched. The rules are the core's from
 * run() on. */
static int import_file(struct rp_setup *setup, struct arguments *arguments)
{
    struct rp_import_file *file = NULL;
    struct rp_import_rows *rows = NULL;
    struct rp_import_preset *preset = NULL;
    struct rp_err err = {0};
    int status = rp_import_open(arguments->file, &file, &err);

    if (status == 0 && arguments->suppress) {
        status = read_objected(setup, arguments, &err);
    }
    if (status == 0 && arguments->preset.preset) {
        status = rp_preset_new(&arguments->preset, setup->rules, &preset, &err);
    }
    if (status == 0) {
        status = open_rows(setup, arguments, file, preset, &rows, &err);
    }
    if (status != 0) {
        rp_rules_free(setup->rules);
        status = rp_fail(&err);
    } else if (arguments->dry_run) {
        status = dry_run(setup, arguments, rows);
        remark(preset);
        if (arguments->objected.count > 0) {
            fprintf(stderr, "%zu address%s of %s would get no e-mail\n", arguments->objected.count,
                    arguments->objected.count == 1 ? "" : "es", arguments->suppress);
        }
        rp_rules_free(setup->rules);
    } else {
        status = run(setup, arguments, file, rows, preset);
    }
    rp_import_rows_free(rows);
    rp_preset_free(preset);
    free(arguments->objected.list);
    rp_import_close(file);
    return status;
}

/* 0, or an exit status with a message. */
static int check_options(const struct arguments *given)
{
    const struct rp_preset_wish *wish = &given->preset;

    if (wish->preset && given->map) {
        return rp_complain("--preset knows what the columns mean; leave --map out");
    }
    if (!wish->preset &&
        (wish->stage || wish->stage_column || wish->owner || wish->consent || wish->purpose)) {
        return rp_complain("--stage, --stage-column, --owner, --consent and --purpose go with "
                           "--preset; a map says such things itself");
    }
    return 0;
}

int rp_cmd_import(const struct rp_command *command, int argc, char **argv)
{
    struct arguments given = {0};
    const struct rp_option options[] = {
        {"db", "FILE", "the database (ripen.db)", &given.db, NULL},
        {"rules", "RULES", "the rules directory (rules)", &given.rules, NULL},
        {"map", "MAP", "what the columns of a CSV file mean", &given.map, NULL},
        {"preset", "hubspot|salesforce", "the file is an export of this CRM", &given.preset.preset,
         NULL},
        {"stage", "STAGE", "preset: where leads start that have no stage of their own",
         &given.preset.stage, NULL},
        {"stage-column", "COLUMN", "preset: the column that names the starting stage",
         &given.preset.stage_column, NULL},
        {"owner", "NAME", "preset: the owner of rows that name none", &given.preset.owner, NULL},
        {"consent", "PROOF", "preset: all have consented; where and when, as proof",
         &given.preset.consent, NULL},
        {"purpose", "NAME", "preset: what the consent is for (marketing)", &given.preset.purpose,
         NULL},
        {"suppress", "FILE", "addresses that objected, one a line: they get no mail",
         &given.suppress, NULL},
        {"dry-run", NULL, "tells what each row would do, and writes nothing", NULL, &given.dry_run},
        {"history", NULL, "stages move, but no action is caused", NULL, &given.history},
        {"config", "FILE", "ripen.lua", &given.config, NULL},
        {"format", "text|json", "how to print", &given.format_text, NULL},
        {0},
    };
    char *arguments[4] = {0};
    int count = rp_options_parse(command, options, argc, argv, arguments);
    struct rp_setup setup;
    int format, status;

    if (count < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    format = rp_format_parse(given.format_text);
    if (format < 0) {
        return RP_EXIT_FAILED;
    }
    if (check_options(&given) != 0) {
        return RP_EXIT_FAILED;
    }
    given.file = arguments[0];
    given.format = (enum rp_format)format;
    status = rp_setup_load(&setup, given.rules, given.config, true);
    status = status == RP_EXIT_DONE ? import_file(&setup, &given) : RP_EXIT_FAILED;
    rp_setup_fini(&setup);
    return status;
}
