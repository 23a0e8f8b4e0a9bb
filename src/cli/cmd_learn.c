/* SPDX-License-Identifier: MIT */
/* ripen learn: a scorecard out of past outcomes, written in the rules language. From the database,
 * or from a CSV file of leads. What was written is loaded into the engine and compared with the
 * card before the command says that it is done. */
#include "base/buf.h"
#include "base/json_write.h"
#include "base/when.h"
#include "cli/commands.h"
#include "cli/learn.h"
#include "cli/report.h"
#include "core/learn.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LIST_MAX = 64, SUSPECTS_SHOWN = 20 };

struct arguments {
    const char *from, *target, *is, *id, *time, *exclude, *allow, *last, *output, *dimension;
    const char *db, *outcome, *decision, *within, *at, *config, *format_text;
    const char *capacity, *value, *cost;
    enum rp_format format;
    struct rp_learn_options options;
    int64_t now_ms, window_ms;
    struct rp_str excluded[LIST_MAX], allowed[LIST_MAX];
    size_t excluded_count, allowed_count;
};

/* What a run makes. */
struct learning {
    struct rp_arena arena;
    struct rp_learn_table table;
    struct rp_learn_options options;
    struct rp_learned learned;
    struct rp_learn_source source;
    struct rp_reader *reader; /* of the database */
    struct rp_learn_history history;
    struct rp_learn_found found;
    struct rp_buf lua;
    size_t skipped;
    int64_t started_us;
    bool bar;
};

/* ---- Progress -------------------------------------------------------------------------------- */

static void show(void *ctx, unsigned done, unsigned of)
{
    struct learning *l = ctx;
    const int share = (int)(30 * done / of);

    if (!isatty(STDERR_FILENO))
        return;
    l->bar = true;
    fprintf(stderr, "\r[%-30.*s] %3u %%", share, "##############################", 100 * done / of);
    fflush(stderr);
}

static void end_bar(const struct learning *l)
{
    if (l->bar)
        fprintf(stderr, "\r%78s\r", "");
}

/* ---- Telling --------------------------------------------------------------------------------- */

static double memory_mb(void)
{
    struct rusage usage;

    return getrusage(RUSAGE_SELF, &usage) == 0 ? (double)usage.ru_maxrss / 1024 : 0;
}

static bool is_suspect(const struct rp_learn_about *about)
{
    return about->suspicion != RP_LEARN_FINE && about->suspicion != RP_LEARN_WEAK;
}

/* One event stands in several columns: the one that changed most. */
static bool changed_most(const struct learning *l, uint32_t at)
{
    const struct rp_learn_about *about = l->learned.about;

    for (uint32_t c = 0; c < l->table.column_count; c++) {
        const double more = fabs(about[c].change_z) - fabs(about[at].change_z);
        if (c != at && rp_str_eq(l->table.columns[c].name, l->table.columns[at].name) &&
            (more > 0 || (more == 0 && c < at)))
            return false;
    }
    return true;
}

static void print_changes(const struct learning *l, struct rp_buf *out)
{
    for (uint32_t c = 0; c < l->table.column_count; c++) {
        const struct rp_learn_about *about = &l->learned.about[c];
        if (about->change_q < 0.05 && changed_most(l, c))
            rp_buf_printf(
                out,
                "changed: the lift of %.*s, log odds %.2f in the older half of the leads, "
                "%.2f in the newer (z %.1f)\n",
                RP_STR_ARG(l->table.columns[c].name), about->lor_before, about->lor_after,
                about->change_z);
    }
}

static void print_suspects(const struct learning *l, struct rp_buf *out)
{
    int shown = 0;

    for (uint32_t c = 0; c < l->table.column_count; c++) {
        const struct rp_learn_about *about = &l->learned.about[c];
        if (!is_suspect(about) || shown++ >= SUSPECTS_SHOWN)
            continue;
        rp_buf_printf(out, "%s: %.*s %s", about->allowed ? "allowed" : "left out",
                      RP_STR_ARG(l->table.columns[c].name),
                      rp_learn_suspicion_text(about->suspicion));
        if (about->iv > 0)
            rp_buf_printf(out, " (information value %.2f, AUC alone %.2f)", about->iv, about->auc);
        rp_buf_text(out, about->allowed ? "\n" : "; --allow takes it in\n");
    }
}

static void print_text(const struct learning *l, const char *output, struct rp_buf *out)
{
    const struct rp_learned *learned = &l->learned;

    rp_buf_printf(out, "%u leads, %.0f converted (%.1f %%)", l->table.rows, learned->converted,
                  100 * learned->base_rate);
    if (l->skipped > 0)
        rp_buf_printf(out, ", %zu left out: their outcome is not settled", l->skipped);
    if (l->found.passed > 0)
        rp_buf_printf(out, "\n%zu more left out: the outcome came before the decision, or with it",
                      l->found.passed);
    rp_buf_printf(out, "\n%u attributes, %u lines with points, %d to %d points\n",
                  learned->card.count, learned->card.lines, learned->least, learned->most);
    rp_buf_printf(out, "AUC %.3f in five folds (%.3f", learned->auc, learned->fold_auc[0]);
    for (int fold = 1; fold < RP_LEARN_FOLDS; fold++)
        rp_buf_printf(out, " %.3f", learned->fold_auc[fold]);
    rp_buf_printf(out, "), %.3f on its own leads\n", learned->train.auc);
    if (!isnan(learned->last.auc))
        rp_buf_printf(
            out, "AUC %.3f (%.3f to %.3f) on the newest %.0f leads, learned from the others\n",
            learned->last.auc, learned->last.ci.lo, learned->last.ci.hi, learned->last_rows);
    rp_buf_text(out,
                "(AUC: of one lead that converted and one that did not, how often the first has "
                "more\npoints; 0.5 is chance)\n");
    rp_learn_put_proposals(learned, "", out);
    if (l->options.capacity > 0 && learned->for_capacity.n < 1)
        rp_buf_text(out, "no number of points brings the leads down to the capacity\n");
    if (l->options.value > 0 && learned->for_value.n < 1)
        rp_buf_text(out, "no number of points leaves anything of value and cost\n");
    print_suspects(l, out);
    print_changes(l, out);
    if (learned->converted < RP_LEARN_CLASS_WARN)
        rp_buf_printf(out,
                      "warning: %.0f converted leads are few; below %d take the points as a "
                      "first guess\n",
                      learned->converted, RP_LEARN_CLASS_WARN);
    rp_buf_printf(out, "%s%s%.1f s, %.0f MB; the rules give each lead the points of the card\n",
                  output ? output : "", output ? " written; " : "",
                  (double)(rp_mono_us() - l->started_us) / 1e6, memory_mb());
}

static void put_share(struct rp_jw *jw, const char *key, double value)
{
    rp_jw_key(jw, key);
    if (isfinite(value))
        rp_jw_number(jw, value);
    else
        rp_jw_null(jw);
}

static void print_columns(const struct learning *l, struct rp_jw *jw)
{
    rp_jw_key(jw, "columns");
    rp_jw_array(jw);
    for (uint32_t c = 0; c < l->table.column_count; c++) {
        const struct rp_learn_about *about = &l->learned.about[c];
        rp_jw_object(jw);
        rp_jw_put_str(jw, "name", l->table.columns[c].name);
        if (l->table.columns[c].kind == RP_LEARN_COUNT)
            rp_jw_put_int(jw, "days", l->table.columns[c].days);
        rp_jw_put_bool(jw, "used", about->used);
        rp_jw_put_bool(jw, "suspect", is_suspect(about));
        rp_jw_put_text(jw, "finding", rp_learn_suspicion_text(about->suspicion));
        put_share(jw, "information_value", about->iv);
        put_share(jw, "auc_alone", about->auc);
        put_share(jw, "log_odds_older", about->lor_before);
        put_share(jw, "log_odds_newer", about->lor_after);
        put_share(jw, "change_z", about->change_z);
        put_share(jw, "change_q", about->change_q);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
}

static void print_proposal(struct rp_jw *jw, const char *key, const struct rp_gain *row)
{
    rp_jw_key(jw, key);
    if (row->n < 1) {
        rp_jw_null(jw);
        return;
    }
    rp_jw_object(jw);
    rp_jw_put_int(jw, "points", (int64_t)row->min_score);
    rp_jw_put_int(jw, "leads", (int64_t)row->n);
    rp_jw_put_int(jw, "converted", (int64_t)row->pos);
    rp_jw_object_end(jw);
}

static void print_json(const struct learning *l, const char *output, struct rp_buf *out)
{
    const struct rp_learned *learned = &l->learned;
    struct rp_jw jw = rp_jw(out);

    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "file", output);
    rp_jw_put_int(&jw, "leads", l->table.rows);
    rp_jw_put_int(&jw, "converted", (int64_t)learned->converted);
    rp_jw_put_int(&jw, "skipped", (int64_t)l->skipped);
    rp_jw_put_int(&jw, "passed", (int64_t)l->found.passed);
    rp_jw_put_int(&jw, "attributes", learned->card.count);
    rp_jw_put_int(&jw, "lines", learned->card.lines);
    put_share(&jw, "auc", learned->auc);
    put_share(&jw, "auc_sd", learned->auc_sd);
    put_share(&jw, "auc_own_leads", learned->train.auc);
    put_share(&jw, "auc_before_rounding", learned->auc_before_rounding);
    put_share(&jw, "auc_newest", learned->last.auc);
    put_share(&jw, "log_loss", learned->log_loss);
    put_share(&jw, "log_loss_base", learned->log_loss_base);
    put_share(&jw, "calibration_a", learned->card.platt.a);
    put_share(&jw, "calibration_b", learned->card.platt.b);
    print_proposal(&jw, "for_capacity", &learned->for_capacity);
    print_proposal(&jw, "for_value", &learned->for_value);
    put_share(&jw, "weeks", learned->weeks > 0 ? learned->weeks : (double)NAN);
    rp_jw_put_text(&jw, "data", l->source.digest);
    put_share(&jw, "seconds", (double)(rp_mono_us() - l->started_us) / 1e6);
    put_share(&jw, "memory_mb", memory_mb());
    print_columns(l, &jw);
    rp_jw_object_end(&jw);
}

/* ---- The file -------------------------------------------------------------------------------- */

static int write_file(const char *path, const struct rp_buf *lua, struct rp_err *err)
{
    char temporary[4096];

    if (snprintf(temporary, sizeof(temporary), "%s.tmp", path) >= (int)sizeof(temporary))
        return rp_err_set(err, RIPEN_EIO, "the path %s is too long", path);
    FILE *file = fopen(temporary, "wb");
    bool whole = file && fwrite(lua->ptr, 1, lua->len, file) == lua->len;
    if (file)
        whole &= fclose(file) == 0;
    if (whole && rename(temporary, path) == 0)
        return 0;
    const int reason = errno;
    (void)unlink(temporary);
    return rp_err_set(err, RIPEN_EIO, "%s cannot be written: %s", path, strerror(reason));
}

/* ---- The two sources ------------------------------------------------------------------------- */

static int take_csv(struct learning *l, const struct arguments *a, struct rp_err *err)
{
    const struct rp_learn_csv csv = {.path = a->from,
                                     .target = a->target,
                                     .is = a->is,
                                     .id = a->id,
                                     .time = a->time,
                                     .exclude = a->excluded,
                                     .exclude_count = a->excluded_count};
    const char *name = strrchr(a->from, '/');

    l->source.what = rp_str_from(name ? name + 1 : a->from);
    l->source.outcome =
        rp_arena_printf(&l->arena, "%s%s%s", a->target, a->is ? " is " : "", a->is ? a->is : "");
    return rp_learn_csv_read(&l->arena, &csv, &l->table, &l->skipped, err);
}

static void show_share(void *ctx, double share)
{
    show(ctx, (unsigned)(share * 1000), 1000);
}

static int take_database(struct learning *l, const struct arguments *a, struct rp_err *err)
{
    const bool days = a->window_ms % RP_DAY == 0;
    struct rp_buf span = {0};

    l->history.now_ms = a->now_ms;
    l->history.window_ms = a->window_ms;
    l->history.progress = show_share;
    l->history.ctx = l;
    l->history.outcome = rp_str_from(a->outcome);
    l->history.decision = rp_str_from(a->decision);
    const int status = rp_reader_learn(l->reader, &l->arena, &l->history, &l->found, err);
    if (status != 0)
        return status;
    l->table = l->found.table;
    l->skipped = l->found.unsettled;
    l->source.what = RP_STR("the database");
    rp_duration_print(&span, a->window_ms);
    l->source.success =
        rp_arena_printf(&l->arena, "reached = \"%.*s\", within = \"%.*s\"",
                        RP_STR_ARG(l->history.outcome), RP_STR_ARG(rp_buf_view(&span)));
    if (days) {
        rp_buf_reset(&span);
        rp_buf_printf(&span, "%lld days", (long long)(a->window_ms / RP_DAY));
    }
    l->source.outcome =
        rp_arena_printf(&l->arena, "stage %.*s within %.*s of %.*s", RP_STR_ARG(l->history.outcome),
                        RP_STR_ARG(rp_buf_view(&span)), RP_STR_ARG(l->history.decision));
    rp_buf_fini(&span);
    return 0;
}

static int learn(struct learning *l, const struct arguments *a, struct rp_err *err)
{
    int status = a->from ? take_csv(l, a, err) : take_database(l, a, err);

    if (status == 0)
        status = rp_learn(&l->arena, &l->table, &l->options, &l->learned, err);
    if (status != 0)
        return status;
    rp_learn_digest(&l->table, l->source.digest);
    rp_learn_write(&l->learned, &l->table, &l->source, &l->lua);
    if (!a->from)
        return rp_reader_learn_check(l->reader, &l->history, &l->learned, &l->found,
                                     l->source.dimension, rp_buf_view(&l->lua), err);
    return rp_learn_check(&l->learned, &l->table, l->source.dimension, rp_buf_view(&l->lua), err);
}

static int open_database(struct learning *l, const struct arguments *a, struct rp_err *err)
{
    struct rp_setup setup;
    int status = rp_setup_config(&setup, NULL, a->config);

    status = status == RP_EXIT_DONE
                 ? rp_reader_open(rp_setup_db(&setup, a->db), NULL, NULL, &l->reader, err)
                 : rp_err_set(err, RIPEN_EINPUT, "the configuration cannot be used");
    rp_setup_fini(&setup);
    return status;
}

static int run(const struct arguments *a)
{
    struct learning l = {.started_us = rp_mono_us(),
                         .source.dimension = rp_str_from(a->dimension ? a->dimension : "learned")};
    struct rp_err err = {0};
    struct rp_buf out = {0};

    l.options = a->options;
    l.options.allowed = a->allowed;
    l.options.allowed_count = a->allowed_count;
    l.options.progress = show;
    l.options.ctx = &l;
    rp_arena_init(&l.arena);
    int status = a->from ? 0 : open_database(&l, a, &err);
    if (status == 0)
        status = learn(&l, a, &err);
    rp_reader_close(l.reader);
    end_bar(&l);
    if (status == 0 && a->output)
        status = write_file(a->output, &l.lua, &err);
    if (status != 0)
        status = rp_fail(&err);
    else if (!a->output)
        status = rp_print(&l.lua);
    else {
        a->format == RP_FORMAT_JSON ? print_json(&l, a->output, &out)
                                    : print_text(&l, a->output, &out);
        status = rp_print(&out);
    }
    rp_buf_fini(&l.lua);
    rp_arena_fini(&l.arena);
    return status;
}

/* "a,b": the names of columns. */
static bool split(const char *option, const char *text, struct rp_str *names, size_t *ret_count)
{
    while (text && *text) {
        const size_t len = strcspn(text, ",");
        if (*ret_count == LIST_MAX) {
            rp_complain("--%s names more than %d columns", option, LIST_MAX);
            return false;
        }
        if (len > 0)
            names[(*ret_count)++] = (struct rp_str){text, len};
        text += len + (text[len] == ',');
    }
    return true;
}

/* The options that are numbers and times; false with a message. */
static bool take_numbers(struct arguments *a)
{
    char *end;

    if (a->last) {
        a->options.last_share = strtod(a->last, &end) / 100;
        if (end == a->last || *end != '\0' ||
            !(a->options.last_share > 0 && a->options.last_share < 1)) {
            rp_complain("--last is \"%s\": give a percentage above 0 and below 100", a->last);
            return false;
        }
    }
    a->window_ms = 60 * RP_DAY;
    return rp_reporting_number("capacity", a->capacity, &a->options.capacity) &&
           rp_reporting_number("value", a->value, &a->options.value) &&
           rp_reporting_number("cost", a->cost, &a->options.cost) &&
           rp_span_parse("within", a->within, &a->window_ms) &&
           rp_moment_parse(a->at, rp_clock_system().now_ms(NULL), &a->now_ms);
}

int rp_cmd_learn(const struct rp_command *command, int argc, char **argv)
{
    struct arguments a = {0};
    const struct rp_option options[] = {
        {"output", "FILE.lua", "where the rules go (standard output)", &a.output, NULL},
        {"from", "FILE.csv", "learn from this file instead of the database", &a.from, NULL},
        {"target", "COLUMN", "of the file: what became of the lead", &a.target, NULL},
        {"is", "VALUE", "its value of those who converted (yes, true, won, 1)", &a.is, NULL},
        {"exclude", "COLUMNS", "not to be learned from, as a,b,c", &a.exclude, NULL},
        {"allow", "COLUMNS", "to be used although they look like leaks", &a.allow, NULL},
        {"id", "COLUMN", "of the file: the lead (the row's number)", &a.id, NULL},
        {"time", "COLUMN", "of the file: when it was decided", &a.time, NULL},
        {"last", "PERCENT", "the newest leads that it is tried on (20)", &a.last, NULL},
        {"monotone", NULL, "of numbers, more is always better, or always worse", NULL,
         &a.options.monotone},
        {"capacity", "N", "leads that sales can take a week: which threshold fits", &a.capacity,
         NULL},
        {"value", "N", "what an outcome is worth: which threshold leaves most", &a.value, NULL},
        {"cost", "N", "what it costs to work a lead (0)", &a.cost, NULL},
        {"dimension", "NAME", "that the rules give points in (learned)", &a.dimension, NULL},
        {"db", "FILE", "the database (ripen.db)", &a.db, NULL},
        {"outcome", "STAGE", "of the database: who reached it converted (sql)", &a.outcome, NULL},
        {"decision", "STAGE", "entering it is when a lead is judged (mql)", &a.decision, NULL},
        {"within", "TIME", "in which the outcome must come (60d)", &a.within, NULL},
        {"at", "TIME", "the moment that counts as now (now)", &a.at, NULL},
        {"config", "FILE", "ripen.lua", &a.config, NULL},
        {"format", "text|json", "how to tell what was learned", &a.format_text, NULL},
        {0},
    };
    static char output[] = "--output";
    for (int i = 1; i < argc; i++) /* the one short option that people know */
        argv[i] = strcmp(argv[i], "-o") == 0 ? output : argv[i];
    const int count = rp_options_parse(command, options, argc, argv, NULL);

    if (count < 0)
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    const int format = rp_format_parse(a.format_text);
    if (format < 0)
        return RP_EXIT_FAILED;
    a.format = (enum rp_format)format;
    if (a.format == RP_FORMAT_JSON && !a.output)
        return rp_complain("--format json tells what was learned, and without --output the rules "
                           "are printed; say where they go");
    if (!take_numbers(&a) || !split("exclude", a.exclude, a.excluded, &a.excluded_count) ||
        !split("allow", a.allow, a.allowed, &a.allowed_count))
        return RP_EXIT_FAILED;
    if (a.from && !a.target)
        return rp_complain("say with --target which column of %s tells what became of a lead",
                           a.from);
    if (a.from && a.capacity && !a.time)
        return rp_complain("--capacity is leads a week; say with --time which column of %s tells "
                           "when a lead was decided",
                           a.from);
    return run(&a);
}
