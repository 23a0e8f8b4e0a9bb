/* SPDX-License-Identifier: MIT */
/* ripen bulk: one decision for all leads of a segment or a file. Without --act it only says how
 * many they are and shows the first; with it the decision is made for each, in portions, by the
 * server or here. */
#include "base/json_read.h"
#include "base/limits.h"
#include "base/num.h"
#include "base/text.h"
#include "cli/ask_server.h"
#include "cli/decide.h"
#include "core/bulk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SAMPLE = 5, LINE_MAX_BYTES = 1024, TOLD_MAX = 20 };

struct wish {
    struct rp_deciding in;
    const char *segment, *file, *expect, *dimension, *until;
    bool act;
    struct rp_str *leads;
    size_t count, done, failed;
    struct rp_buf failures; /* JSON objects, with commas between */
};

/* ---- Whom ------------------------------------------------------------------------------------ */

/* One lead a line: an id, e-mail or userId; # starts a remark. */
static int read_file(struct wish *wish, struct rp_err *err)
{
    struct rp_arena *arena = &wish->in.setup.arena;
    FILE *file = strcmp(wish->file, "-") == 0 ? stdin : fopen(wish->file, "r");
    char line[LINE_MAX_BYTES];
    int status = 0;

    if (!file) {
        return rp_err_set(err, RIPEN_EINPUT, "%s cannot be read: %s", wish->file, strerror(errno));
    }
    wish->leads = RP_ARENA_ARRAY(arena, struct rp_str, RP_BULK_LEADS_MAX);
    for (size_t nth = 1; status == 0 && fgets(line, sizeof(line), file); nth++) {
        struct rp_str text = rp_str_from(line);

        if (text.len + 1 == sizeof(line) && line[text.len - 1] != '\n') {
            status = rp_err_set(err, RIPEN_EINPUT, "%s: line %zu is too long for a lead",
                                wish->file, nth);
            break;
        }
        if (nth == 1 && rp_str_starts(text, RP_STR("\xef\xbb\xbf"))) { /* of a spreadsheet */
            text = (struct rp_str){text.ptr + 3, text.len - 3};
        }
        text = rp_str_trim(text);
        if (text.len == 0 || text.ptr[0] == '#') {
            continue;
        }
        if (wish->count == RP_BULK_LEADS_MAX) {
            status =
                rp_err_set(err, RIPEN_EINPUT, "%s names more than %d leads; make several files",
                           wish->file, RP_BULK_LEADS_MAX);
        } else {
            wish->leads[wish->count++] = rp_arena_str(arena, text);
        }
    }
    if (status == 0 && ferror(file)) {
        status = rp_err_set(err, RIPEN_EIO, "%s cannot be read: %s", wish->file, strerror(errno));
    }
    if (file != stdin) {
        fclose(file);
    }
    return status;
}

static int read_segment(struct wish *wish, struct rp_reader *reader, struct rp_err *err)
{
    struct rp_leads_query query = {.segment = rp_str_from(wish->segment),
                                   .sort = RP_STR("score"),
                                   .now_ms = rp_clock_system().now_ms(NULL)};
    int status =
        rp_reader_lead_ids(reader, &query, &wish->in.setup.arena, &wish->leads, &wish->count, err);

    if (status == 0 && wish->count > RP_BULK_LEADS_MAX) {
        status = rp_err_set(err, RIPEN_EINPUT, "%zu leads are in the segment; at most %d at a time",
                            wish->count, RP_BULK_LEADS_MAX);
    }
    return status;
}

/* ---- The preview ----------------------------------------------------------------------------- */

static struct rp_str text_of(struct rp_str json, const char *key, struct rp_arena *arena)
{
    struct rp_str text = rp_answer_member(arena, json, key);

    return text.len == 0 || rp_str_is(text, "null") ? RP_STR("-") : text;
}

static int show_sample(struct wish *wish, struct rp_reader *reader, struct rp_err *err)
{
    int64_t now_ms = rp_clock_system().now_ms(NULL);
    int status = 0;

    printf("%zu lead%s\n", wish->count, wish->count == 1 ? "" : "s");
    for (size_t i = 0; i < wish->count && i < SAMPLE && status == 0; i++) {
        struct rp_arena *arena = &wish->in.setup.arena;
        struct rp_buf json = {0};

        status = rp_reader_lead(reader, wish->leads[i], now_ms, RP_FORMAT_JSON, false, &json, err);
        if (status == 0) {
            struct rp_str body = rp_arena_str(arena, rp_buf_view(&json));

            printf("  %-36.*s  %-12.*s  %.*s\n", RP_STR_ARG(text_of(body, "email", arena)),
                   RP_STR_ARG(text_of(body, "stage", arena)),
                   RP_STR_ARG(text_of(body, "owner", arena)));
        } else if (status == RIPEN_ENOTFOUND) {
            printf("  %.*s: there is no such lead\n", RP_STR_ARG(wish->leads[i]));
            status = 0;
        }
        rp_buf_fini(&json);
    }
    if (wish->count > SAMPLE) {
        printf("  and %zu more\n", wish->count - SAMPLE);
    }
    if (!wish->act) {
        printf("nothing was done; add --act to do it%s\n",
               wish->expect ? "" : ", and --expect to do it only if the number is still the same");
    }
    return status;
}

/* ---- Doing it -------------------------------------------------------------------------------- */

static void write_portion(const struct wish *wish, size_t from, size_t to, struct rp_buf *out)
{
    const char *verb = wish->in.arguments[0];
    const char *value = wish->in.arguments[1];
    struct rp_jw jw = rp_jw(out);
    struct rp_buf of = {0};

    rp_buf_printf(&of, "%s %s", wish->segment ? "segment" : "file",
                  wish->segment ? wish->segment : wish->file);
    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "verb", verb);
    rp_jw_put_str(&jw, "of", rp_buf_view(&of));
    rp_jw_key(&jw, "leads");
    rp_jw_array(&jw);
    for (size_t i = from; i < to; i++) {
        rp_jw_str(&jw, wish->leads[i]);
    }
    rp_jw_array_end(&jw);
    if (strcmp(verb, "points") == 0) {
        rp_jw_key(&jw, "points");
        rp_jw_raw(&jw, rp_str_from(value + (value[0] == '+')));
    } else if (value) {
        rp_jw_put_text(&jw,
                       strcmp(verb, "assign") == 0 ? "owner"
                       : strcmp(verb, "note") == 0 ? "text"
                                                   : "stage",
                       value);
    }
    rp_put_said(&jw, "reason", wish->in.reason);
    rp_put_said(&jw, "dimension", wish->dimension);
    rp_put_said(&jw, "until", wish->until);
    rp_jw_put_text(&jw, "author", rp_author(wish->in.author));
    rp_jw_object_end(&jw);
    rp_buf_fini(&of);
}

/* Counts what the answer says, and keeps the failures. */
static void take_answer(struct wish *wish, struct rp_str answer)
{
    struct rp_arena *arena = &wish->in.setup.arena;
    struct rp_str failed = rp_answer_member(arena, answer, "failed");
    struct rp_str done = rp_answer_member(arena, answer, "done");
    struct rp_json json;
    struct rp_str raw;
    double number;

    if (rp_number_parse(done, &number)) {
        wish->done += (size_t)number;
    }
    rp_json_init(&json, arena, failed);
    if (rp_json_next(&json) != RP_JSON_ARRAY) {
        return;
    }
    while (rp_json_skip(&json, &raw) == RP_JSON_OBJECT) {
        wish->failed++;
        rp_buf_text(&wish->failures, wish->failures.len ? "," : "");
        rp_buf_str(&wish->failures, raw);
        if (wish->in.format == RP_FORMAT_TEXT && wish->failed <= TOLD_MAX) {
            struct rp_str lead = rp_answer_member(arena, raw, "lead");
            struct rp_str reason = rp_answer_member(arena, raw, "reason");

            fprintf(stderr, "ripen: %.*s: %.*s\n", RP_STR_ARG(lead), RP_STR_ARG(reason));
        }
    }
}

static int act(struct wish *wish, struct rp_err *err)
{
    struct rp_decider decider;
    int status =
        rp_decider_open(&decider, &wish->in.setup, rp_setup_db(&wish->in.setup, wish->in.db),
                        rp_author(wish->in.author), err);

    for (size_t at = 0; at < wish->count && status == 0; at += RP_BULK_PORTION_MAX) {
        size_t end = at + RP_BULK_PORTION_MAX;
        struct rp_buf body = {0};
        struct rp_buf out = {0};

        write_portion(wish, at, end < wish->count ? end : wish->count, &body);
        status = rp_decider_ask(&decider, "bulk", rp_buf_view(&body), &out, err);
        if (status == 0) {
            take_answer(wish, rp_arena_str(&wish->in.setup.arena, rp_buf_view(&out)));
        }
        rp_buf_fini(&body);
        rp_buf_fini(&out);
    }
    rp_decider_close(&decider);
    return status;
}

static void say(const struct wish *wish)
{
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&out);

    if (wish->in.format == RP_FORMAT_TEXT) {
        if (wish->act) {
            printf("done for %zu lead%s", wish->done, wish->done == 1 ? "" : "s");
            printf(wish->failed ? ", not for %zu\n" : "\n", wish->failed);
        }
        return;
    }
    rp_jw_object(&jw);
    rp_jw_put_int(&jw, "leads", (int64_t)wish->count);
    rp_jw_key(&jw, "acted");
    rp_jw_bool(&jw, wish->act);
    rp_jw_put_int(&jw, "done", (int64_t)wish->done);
    rp_jw_key(&jw, "failed");
    rp_jw_array(&jw);
    if (wish->failures.len) {
        rp_jw_raw(&jw, rp_buf_view(&wish->failures));
    }
    rp_jw_array_end(&jw);
    rp_jw_object_end(&jw);
    (void)rp_print(&out);
}

/* ---- The command ----------------------------------------------------------------------------- */

static const struct {
    const char *verb;
    bool value, reason;
} verbs[] = {{"stage", true, true},
             {"points", true, true},
             {"assign", true, true},
             {"suppress", false, true},
             {"note", true, false}};

/* Before anybody is looked up. */
static int check(const struct rp_command *command, const struct wish *wish)
{
    double points;
    size_t i = 0;

    while (i < RP_COUNT(verbs) && strcmp(verbs[i].verb, wish->in.arguments[0]) != 0) {
        i++;
    }
    if (i == RP_COUNT(verbs) || (wish->in.count == 2) != verbs[i].value) {
        return rp_complain("usage: ripen bulk %s", command->arguments);
    }
    if (!wish->segment == !wish->file) {
        return rp_complain("say for whom: --segment NAME or --file FILE");
    }
    if (verbs[i].reason && (!wish->in.reason || !wish->in.reason[0])) {
        return rp_complain("bulk %s needs a reason: --reason \"…\"", verbs[i].verb);
    }
    if (strcmp(verbs[i].verb, "points") == 0 &&
        !rp_number_parse(rp_str_from(wish->in.arguments[1] + (wish->in.arguments[1][0] == '+')),
                         &points)) {
        return rp_complain("\"%s\" is no number of points; write +5 or -2.5",
                           wish->in.arguments[1]);
    }
    return RP_EXIT_DONE;
}

static int check_expected(const struct wish *wish, struct rp_err *err)
{
    double number;

    if (!wish->expect) {
        return 0;
    }
    if (!rp_number_parse(rp_str_from(wish->expect), &number) || number < 0) {
        return rp_err_set(err, RIPEN_EINPUT, "--expect takes a number, not \"%s\"", wish->expect);
    }
    return number == (double)wish->count
               ? 0
               : rp_err_set(err, RIPEN_EINPUT,
                            "%s leads were expected and there are %zu; nothing was done",
                            wish->expect, wish->count);
}

static int run(struct wish *wish)
{
    struct rp_reader *reader = NULL;
    struct rp_err err = {0};
    int status =
        rp_reader_open(rp_setup_db(&wish->in.setup, wish->in.db), NULL, NULL, &reader, &err);

    if (status == 0) {
        status = wish->file ? read_file(wish, &err) : read_segment(wish, reader, &err);
    }
    if (status == 0) {
        status = check_expected(wish, &err);
    }
    if (status == 0 && wish->in.format == RP_FORMAT_TEXT) {
        status = show_sample(wish, reader, &err);
    }
    rp_reader_close(reader);
    if (status == 0 && wish->act) {
        status = act(wish, &err);
    }
    if (status == 0 || wish->done > 0) {
        say(wish);
    }
    status = rp_decided(status, &err);
    return status == RP_EXIT_DONE && wish->failed > 0 ? RP_EXIT_PROBLEMS : status;
}

int rp_cmd_bulk(const struct rp_command *command, int argc, char **argv)
{
    struct wish wish = {0};
    const struct rp_option options[] = {
        {"db", "FILE", "the database (ripen.db)", &wish.in.db, NULL},
        {"segment", "NAME", "for the leads of this segment", &wish.segment, NULL},
        {"file", "FILE", "for the leads that it names, one a line (-: standard input)", &wish.file,
         NULL},
        {"act", NULL, "do it", NULL, &wish.act},
        {"expect", "N", "only when they are so many", &wish.expect, NULL},
        {"reason", "WHY", "why; it stands in each lead's story", &wish.in.reason, NULL},
        {"dimension", "NAME", "of points: where they count (engagement)", &wish.dimension, NULL},
        {"until", "TIME", "of points: until when they count (for good)", &wish.until, NULL},
        {"author", "NAME", "who does it (RIPEN_AUTHOR, else your user name)", &wish.in.author,
         NULL},
        {"format", "text|json", "how to print", &wish.in.format_text, NULL},
        {"config", "FILE", "ripen.lua", &wish.in.config, NULL},
        {0},
    };
    int status = rp_deciding_begin(&wish.in, command, options, argc, argv);

    if (status >= 0) {
        return status;
    }
    status = check(command, &wish);
    if (status == RP_EXIT_DONE) {
        status = run(&wish);
    }
    rp_buf_fini(&wish.failures);
    rp_setup_fini(&wish.in.setup);
    return status;
}
