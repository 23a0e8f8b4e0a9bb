/* SPDX-License-Identifier: MIT */
/* ripen backtest: what a rule set would have done with the whole history. Reads the file alone,
 * whether or not a server runs beside. */
#include "cli/report.h"
#include "core/backtest.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TOLD_DEFAULT = 3, LIST_DEFAULT = 1000, QUIET_US = 2000000, WORKERS_MAX = 64 };

struct progress {
    int64_t started_us;
    bool shown;
};

static void show(void *ctx, double share, uint64_t events)
{
    struct progress *p = ctx;
    int64_t past_us = rp_mono_us() - p->started_us;

    if (past_us < QUIET_US) {
        return;
    }
    p->shown = true;
    fprintf(stderr, "\r[%-30.*s] %3.0f %%  %llu events, %.0f/s   ", (int)(share * 30),
            "##############################", share * 100, (unsigned long long)events,
            (double)events * 1e6 / (double)past_us);
    fflush(stderr);
}

/* The page into a file; false with a message. */
static bool write_page(const struct rp_backtest *backtest, const char *path)
{
    struct rp_buf page = {0};
    FILE *file = fopen(path, "wb");
    bool good = file != NULL;

    rp_backtest_html(backtest, &page);
    good = good && fwrite(page.ptr, 1, page.len, file) == page.len;
    if (file) {
        good = fclose(file) == 0 && good;
    }
    rp_buf_fini(&page);
    if (!good) {
        rp_complain("%s could not be written", path);
    }
    return good;
}

static int run(struct rp_backtest_options *options, const char *html, bool json, size_t told)
{
    struct progress progress = {.started_us = rp_mono_us()};
    struct rp_backtest backtest;
    struct rp_buf out = {0};
    struct rp_err err = {0};
    int status;

    if (isatty(STDERR_FILENO)) {
        options->progress = show;
        options->ctx = &progress;
    }
    status = rp_backtest_run(options, &backtest, &err);
    if (progress.shown) {
        fprintf(stderr, "\r%78s\r", "");
    }
    if (status != 0) {
        status = rp_fail(&err);
    } else if (html && !write_page(&backtest, html)) {
        status = RP_EXIT_FAILED;
    } else {
        if (json) {
            rp_backtest_json(&backtest, &out);
        } else {
            rp_backtest_text(&backtest, told, &out);
        }
        status = rp_print(&out);
    }
    rp_backtest_fini(&backtest);
    rp_buf_fini(&out);
    return status;
}

static unsigned processors(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);

    return count < 1 ? 1 : count > WORKERS_MAX ? WORKERS_MAX : (unsigned)count;
}

/* What the command line says. */
struct asked {
    const char *db, *candidate, *since, *at, *stage, *outcome, *window, *model, *active_model,
        *html, *list, *threads, *format_text, *config;
};

static bool read_options(const struct asked *asked, struct rp_backtest_options *options,
                         size_t *told, int *format)
{
    size_t threads = 0;

    *told = TOLD_DEFAULT;
    *format = rp_format_parse(asked->format_text);
    if (*format < 0 ||
        !rp_moment_parse(asked->at, rp_clock_system().now_ms(NULL), &options->now_ms) ||
        !rp_reporting_moment("since", asked->since, options->now_ms, &options->since_ms) ||
        !rp_count_parse("list", asked->list, TOLD_DEFAULT, told) ||
        !rp_count_parse("threads", asked->threads, processors(), &threads) ||
        !rp_span_parse("window", asked->window, &options->window_ms)) {
        return false;
    }
    options->list_max = *told > LIST_DEFAULT ? *told : LIST_DEFAULT;
    options->workers = threads > WORKERS_MAX ? WORKERS_MAX : (unsigned)threads;
    options->stage = rp_str_from(asked->stage ? asked->stage : "");
    options->outcome = rp_str_from(asked->outcome ? asked->outcome : "");
    options->models[RP_BT_CANDIDATE] = rp_str_from(asked->model ? asked->model : "");
    options->models[RP_BT_ACTIVE] = rp_str_from(asked->active_model ? asked->active_model : "");
    return true;
}

int rp_cmd_backtest(const struct rp_command *command, int argc, char **argv)
{
    struct asked asked = {0};
    const struct rp_option table[] = {
        {"candidate", "RULES", "the rules to try: a directory", &asked.candidate, NULL},
        {"model", "MODEL", "the candidate's model that decides (its first)", &asked.model, NULL},
        {"active-model", "MODEL", "the model in force for all (its first, and experiments' arms)",
         &asked.active_model, NULL},
        {"db", "FILE", "the database (ripen.db)", &asked.db, NULL},
        {"since", "TIME", "decisions from this moment on (all); 180d: so long ago", &asked.since,
         NULL},
        {"stage", "STAGE", "the stage that is decided (mql)", &asked.stage, NULL},
        {"outcome", "STAGE", "the stage that makes a decision right (sql)", &asked.outcome, NULL},
        {"window", "TIME", "in which the outcome must come (60d)", &asked.window, NULL},
        {"at", "TIME", "the moment that counts as now (now)", &asked.at, NULL},
        {"html", "FILE", "also writes a page with pictures", &asked.html, NULL},
        {"list", "N", "leads told of, of each kind of change (3)", &asked.list, NULL},
        {"threads", "N", "at once (one a processor)", &asked.threads, NULL},
        {"format", "text|json", "how to print", &asked.format_text, NULL},
        {"config", "FILE", "ripen.lua", &asked.config, NULL},
        {0},
    };
    struct rp_backtest_options options = {0};
    struct rp_setup setup = {0};
    size_t told;
    int count = rp_options_parse(command, table, argc, argv, NULL);
    int format;
    int status;

    if (count < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    if (!asked.candidate) {
        return rp_complain("ripen backtest needs --candidate RULES: the directory of the rules to "
                           "try");
    }
    if (!read_options(&asked, &options, &told, &format)) {
        return RP_EXIT_FAILED;
    }
    status = rp_setup_load(&setup, asked.candidate, asked.config, true);
    if (status == RP_EXIT_DONE) {
        options.db_path = rp_setup_db(&setup, asked.db);
        options.candidate = setup.rules;
        options.name = rp_str_from(asked.candidate);
        status = run(&options, asked.html, format == RP_FORMAT_JSON, told);
        rp_rules_free(setup.rules);
    }
    rp_setup_fini(&setup);
    return status;
}
