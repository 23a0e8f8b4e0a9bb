/* SPDX-License-Identifier: MIT */
/* ripen leads, lead, explain, why-not: questions about leads, answered from the file,
 * whether or not a server runs beside. */
#include "base/buf.h"
#include "cli/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What all four take. */
struct asking {
    const char *db, *format_text, *at_text, *config, *stage, *status, *sort, *limit, *model,
        *segment, *owner, *output;
    bool set_aside;
    enum rp_format format;
    int64_t now_ms;
    struct rp_setup setup;
    struct rp_reader *reader;
};

/* RP_EXIT_DONE: ask; else the exit status. */
static int open_asking(struct asking *asking)
{
    struct rp_err err = {0};
    int format = rp_format_parse(asking->format_text);
    int status;

    if (format < 0 ||
        !rp_moment_parse(asking->at_text, rp_clock_system().now_ms(NULL), &asking->now_ms)) {
        return RP_EXIT_FAILED;
    }
    asking->format = (enum rp_format)format;
    status = rp_setup_config(&asking->setup, NULL, asking->config);
    if (status == RP_EXIT_DONE && rp_reader_open(rp_setup_db(&asking->setup, asking->db), NULL,
                                                 NULL, &asking->reader, &err) != 0) {
        status = rp_fail(&err);
    }
    if (status != RP_EXIT_DONE) {
        rp_setup_fini(&asking->setup);
    }
    return status;
}

static int close_asking(struct asking *asking, int status, const struct rp_err *err,
                        struct rp_buf *out)
{
    bool unknown = status == RIPEN_ENOTFOUND || status == RIPEN_EINPUT; /* a lead, rule or stage */
    int result = status == 0 ? rp_print(out)
                 : unknown   ? (rp_fail(err), RP_EXIT_PROBLEMS)
                             : rp_fail(err);

    rp_buf_fini(out);
    rp_reader_close(asking->reader);
    rp_setup_fini(&asking->setup);
    return result;
}

static bool is_sort(const char *text)
{
    static const char *const known[] = {"score", "recent", "created"};

    for (size_t i = 0; i < RP_COUNT(known); i++) {
        if (!text || strcmp(text, known[i]) == 0) {
            return true;
        }
    }
    rp_complain("--sort is not \"%s\"; give score, recent or created", text);
    return false;
}

/* csv is a format of this list alone. */
static bool take_csv(struct asking *asking)
{
    if (!asking->format_text || strcmp(asking->format_text, "csv") != 0) {
        return false;
    }
    asking->format_text = NULL;
    return true;
}

static int flush_csv(void *ctx, struct rp_buf *out, struct rp_err *err)
{
    FILE *file = ctx;
    bool whole = fwrite(out->ptr, 1, out->len, file) == out->len && fflush(file) == 0;

    rp_buf_reset(out);
    return whole ? 0 : rp_err_set(err, RIPEN_EFULL, "the file could not be written");
}

static int write_csv(struct asking *asking, const struct rp_leads_query *query)
{
    FILE *file = asking->output ? fopen(asking->output, "wb") : stdout;
    struct rp_buf out = {0};
    struct rp_err err = {0};
    int status = file ? rp_reader_leads_csv(asking->reader, query, flush_csv, file, &out, &err)
                      : rp_err_set(&err, RIPEN_EINPUT, "%s cannot be written", asking->output);

    if (file && file != stdout && fclose(file) != 0 && status == 0) {
        status = rp_err_set(&err, RIPEN_EFULL, "%s could not be written", asking->output);
    }
    rp_buf_fini(&out);
    rp_reader_close(asking->reader);
    rp_setup_fini(&asking->setup);
    return status == RIPEN_EINPUT ? (rp_fail(&err), RP_EXIT_PROBLEMS)
           : status == 0          ? RP_EXIT_DONE
                                  : rp_fail(&err);
}

int rp_cmd_leads(const struct rp_command *command, int argc, char **argv)
{
    struct asking asking = {0};
    const struct rp_option options[] = {
        {"db", "FILE", "the database (ripen.db)", &asking.db, NULL},
        {"stage", "STAGE", "only leads in this stage", &asking.stage, NULL},
        {"status", "STATUS", "only leads in this status", &asking.status, NULL},
        {"segment", "NAME", "only leads in this segment", &asking.segment, NULL},
        {"owner", "WHO", "only this person's leads; -: those without an owner", &asking.owner,
         NULL},
        {"sort", "score|recent|created", "the order (score)", &asking.sort, NULL},
        {"limit", "N", "at most so many (50; csv: all)", &asking.limit, NULL},
        {"set-aside", NULL, "only leads whose history costs too much to follow at once", NULL,
         &asking.set_aside},
        {"at", "TIME", "the moment of reading (now)", &asking.at_text, NULL},
        {"format", "text|json|csv", "how to print", &asking.format_text, NULL},
        {"output", "FILE", "where csv goes (standard output)", &asking.output, NULL},
        {"config", "FILE", "ripen.lua", &asking.config, NULL},
        {0},
    };
    char *arguments[4] = {0};
    int count = rp_options_parse(command, options, argc, argv, arguments);
    struct rp_leads_query query = {0};
    struct rp_buf out = {0};
    struct rp_err err = {0};
    bool csv = take_csv(&asking);
    int status;

    if (count < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    if (!is_sort(asking.sort) || !rp_count_parse("limit", asking.limit, 0, &query.limit)) {
        return RP_EXIT_FAILED;
    }
    if (asking.output && (!csv || asking.set_aside)) {
        return rp_complain("--output goes with --format csv");
    }
    status = open_asking(&asking);
    if (status != RP_EXIT_DONE) {
        return status;
    }
    query.segment = rp_str_from(asking.segment ? asking.segment : "");
    query.owner = rp_str_from(asking.owner ? asking.owner : "");
    query.stage = rp_str_from(asking.stage ? asking.stage : "");
    query.status = rp_str_from(asking.status ? asking.status : "");
    query.sort = rp_str_from(asking.sort ? asking.sort : "score");
    query.now_ms = asking.now_ms;
    query.set_aside = asking.set_aside;
    query.columns = rp_columns(STDOUT_FILENO);
    if (csv) {
        return write_csv(&asking, &query);
    }
    status =
        rp_reader_leads(asking.reader, &query, asking.format, rp_colour(STDOUT_FILENO), &out, &err);
    return close_asking(&asking, status, &err, &out);
}

typedef int ask_fn(struct asking *asking, char **arguments, struct rp_buf *out, bool *ret_problem,
                   struct rp_err *err);

static int ask(const struct rp_command *command, int argc, char **argv, ask_fn *fn, bool by_model)
{
    struct asking asking = {0};
    const struct rp_option options[] = {
        {"db", "FILE", "the database (ripen.db)", &asking.db, NULL},
        {"at", "TIME", "the moment of reading (now)", &asking.at_text, NULL},
        {"format", "text|json", "how to print", &asking.format_text, NULL},
        {"config", "FILE", "ripen.lua", &asking.config, NULL},
        {by_model ? "model" : NULL, "MODEL", "as this model sees the lead", &asking.model, NULL},
        {0},
    };
    char *arguments[8] = {0};
    int count = rp_options_parse(command, options, argc, argv, arguments);
    struct rp_buf out = {0};
    struct rp_err err = {0};
    bool problem = false;
    int status;

    if (count < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    status = open_asking(&asking);
    if (status != RP_EXIT_DONE) {
        return status;
    }
    if (asking.model) {
        rp_reader_model(asking.reader, rp_str_from(asking.model));
    }
    status = fn(&asking, arguments, &out, &problem, &err);
    status = close_asking(&asking, status, &err, &out);
    return status == RP_EXIT_DONE && problem ? RP_EXIT_PROBLEMS : status;
}

static int ask_lead(struct asking *asking, char **arguments, struct rp_buf *out, bool *ret_problem,
                    struct rp_err *err)
{
    (void)ret_problem;
    return rp_reader_lead(asking->reader, rp_str_from(arguments[0]), asking->now_ms, asking->format,
                          rp_colour(STDOUT_FILENO), out, err);
}

static int ask_explain(struct asking *asking, char **arguments, struct rp_buf *out,
                       bool *ret_problem, struct rp_err *err)
{
    (void)ret_problem;
    return rp_reader_explain(asking->reader, rp_str_from(arguments[0]), asking->now_ms,
                             asking->format, rp_colour(STDOUT_FILENO), out, err);
}

static int ask_why_not(struct asking *asking, char **arguments, struct rp_buf *out,
                       bool *ret_problem, struct rp_err *err)
{
    bool fires = false;
    int status =
        rp_reader_why_not(asking->reader, rp_str_from(arguments[0]), rp_str_from(arguments[1]),
                          asking->now_ms, asking->format, out, &fires, err);

    *ret_problem = !fires;
    return status;
}

int rp_cmd_lead(const struct rp_command *command, int argc, char **argv)
{
    return ask(command, argc, argv, ask_lead, true);
}

int rp_cmd_explain(const struct rp_command *command, int argc, char **argv)
{
    return ask(command, argc, argv, ask_explain, true);
}

int rp_cmd_why_not(const struct rp_command *command, int argc, char **argv)
{
    return ask(command, argc, argv, ask_why_not, true);
}
