/* SPDX-License-Identifier: MIT */
/* ripen try: events through the rules in a store that dies with the command. Nothing is sent. */
#include "base/buf.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "store/identities.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = RP_BODY_MAX, TIMERS_A_RUN = 1000 };

/* The verdicts of all lines, and the leads in order of first appearance. */
struct trial {
    struct rp_core *core;
    struct rp_buf rejected; /* JSON array elements */
    struct rp_buf told;     /* the same in words, a line each */
    size_t accepted, duplicates, rejected_count, lines;
    int64_t *leads;
    size_t lead_count, lead_cap;
    int64_t last_ms; /* newest receivedAt */
};

static void note_lead(struct trial *trial, int64_t node)
{
    int64_t lead = rp_identity_lead(rp_core_store(trial->core), node);

    for (size_t i = trial->lead_count; i-- > 0;) {
        if (trial->leads[i] == lead) {
            return;
        }
    }
    if (trial->lead_count == trial->lead_cap) {
        trial->leads =
            rp_grow(trial->leads, &trial->lead_cap, trial->lead_count + 1, sizeof(int64_t));
    }
    trial->leads[trial->lead_count++] = lead;
}

static void reject(struct trial *trial, size_t index, const char *code, struct rp_str message)
{
    struct rp_jw jw = rp_jw(&trial->rejected);

    rp_buf_text(&trial->rejected, trial->rejected.len ? "," : "");
    rp_jw_object(&jw);
    rp_jw_put_int(&jw, "index", (int64_t)index);
    rp_jw_put_text(&jw, "code", code);
    rp_jw_put_str(&jw, "message", message);
    rp_jw_object_end(&jw);
    rp_buf_printf(&trial->told, "  event %zu (%s): %.*s\n", index + 1, code, RP_STR_ARG(message));
    trial->rejected_count++;
}

static void book(struct trial *trial, const struct rp_batch *batch)
{
    trial->accepted += batch->accepted;
    trial->duplicates += batch->duplicates;
    for (size_t i = 0; i < batch->item_count; i++) {
        const struct rp_item *item = &batch->items[i];

        if (item->verdict == RP_VERDICT_REJECTED) {
            reject(trial, trial->lines - 1, rp_reject_code(item->reject), item->message);
            continue;
        }
        if (item->verdict == RP_VERDICT_ACCEPTED) {
            note_lead(trial, item->event.node);
        }
        if (item->event.received_ms > trial->last_ms) {
            trial->last_ms = item->event.received_ms;
        }
    }
}

static int take_line(struct trial *trial, struct rp_str line, struct rp_err *err)
{
    struct rp_envelope envelope = {
        .received_ms = rp_clock_system().now_ms(NULL), .sent_ms = RP_NEVER, .trust_received = true};
    struct rp_batch *batch = rp_batch_new();
    struct rp_err bad = {0};
    int status = 0;

    trial->lines++;
    if (rp_batch_parse(batch, line, &envelope, NULL, &bad) != 0) {
        reject(trial, trial->lines - 1, "not_json", rp_str_from(bad.text));
    } else {
        status = rp_core_run(trial->core, batch, err);
        if (status == 0) {
            book(trial, batch);
        }
    }
    rp_batch_free(batch);
    return status;
}

static int take_lines(struct trial *trial, const char *path, struct rp_err *err)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    int status = 0;

    if (!file) {
        return rp_err_set(err, RIPEN_EIO, "%s cannot be read: %s", path, strerror(errno));
    }
    while (status == 0 && (len = getline(&line, &cap, file)) >= 0) {
        while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r')) {
            len--;
        }
        if (len > LINE_MAX_BYTES) {
            trial->lines++;
            reject(trial, trial->lines - 1, "item_too_large",
                   rp_str_from(rp_reject_text(RP_REJECT_TOO_LARGE)));
        } else if (len > 0) {
            status = take_line(trial, (struct rp_str){line, (size_t)len}, err);
        }
    }
    free(line);
    if (file != stdin) {
        fclose(file);
    }
    return status;
}

/* What time alone brings up to the moment of reading. */
static int run_timers(struct rp_core *core, int64_t until_ms, struct rp_err *err)
{
    int count;

    do {
        count = rp_core_timers_run(core, until_ms, TIMERS_A_RUN, err);
    } while (count > 0);
    return count;
}

static int print(struct trial *trial, int64_t at_ms, enum rp_format format, struct rp_err *err)
{
    struct rp_reader *reader = NULL;
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&out);
    int status =
        rp_reader_open(NULL, rp_core_store(trial->core), rp_core_active(trial->core), &reader, err);

    if (status != 0) {
        return status;
    }
    rp_jw_object(&jw);
    rp_jw_key(&jw, "verdicts");
    rp_jw_object(&jw);
    rp_jw_put_int(&jw, "accepted", (int64_t)trial->accepted);
    rp_jw_put_int(&jw, "duplicates", (int64_t)trial->duplicates);
    rp_jw_key(&jw, "rejected");
    rp_jw_array(&jw);
    if (trial->rejected.len > 0) {
        rp_jw_raw(&jw, rp_buf_view(&trial->rejected));
    }
    rp_jw_array_end(&jw);
    rp_jw_object_end(&jw);
    rp_jw_key(&jw, "leads");
    rp_jw_array(&jw);
    if (format == RP_FORMAT_TEXT) {
        rp_buf_reset(&out);
        rp_buf_printf(&out, "%zu accepted, %zu duplicates, %zu rejected\n%.*s\n", trial->accepted,
                      trial->duplicates, trial->rejected_count,
                      RP_STR_ARG(rp_buf_view(&trial->told)));
    }
    status = rp_reader_try(reader, trial->leads, trial->lead_count, at_ms, format,
                           rp_colour(STDOUT_FILENO), &jw, &out, err);
    if (status == 0 && format == RP_FORMAT_JSON) {
        rp_jw_array_end(&jw);
        rp_jw_object_end(&jw);
    }
    if (status == 0) {
        (void)rp_print(&out); /* main looks whether it was written */
    }
    rp_buf_fini(&out);
    rp_reader_close(reader);
    return status;
}

static int run(struct rp_setup *setup, const char *events, const char *at_text,
               enum rp_format format)
{
    struct rp_core_options options = {
        .db_path = ":memory:", .mode = RP_STORE_MEMORY, .clock = rp_clock_system()};
    struct trial trial = {.last_ms = INT64_MIN};
    struct rp_err err = {0};
    int64_t at_ms;
    int status = rp_core_open(&options, &trial.core, &err);

    if (status != 0) {
        rp_rules_free(setup->rules);
        return rp_fail(&err);
    }
    status = rp_core_rules(trial.core, setup->rules, &setup->files, RP_STR("try"), &err);
    if (status == 0) {
        status = take_lines(&trial, events, &err);
    }
    if (status == 0) {
        int64_t now = trial.last_ms == INT64_MIN ? rp_clock_system().now_ms(NULL) : trial.last_ms;

        if (!rp_moment_parse(at_text, now, &at_ms)) {
            status = rp_err_set(&err, RIPEN_EINPUT, "--at is a time");
        } else {
            status = run_timers(trial.core, at_ms, &err);
        }
        if (status == 0) {
            status = print(&trial, at_ms, format, &err);
        }
    }
    rp_core_close(trial.core);
    rp_buf_fini(&trial.rejected);
    rp_buf_fini(&trial.told);
    free(trial.leads);
    if (status != 0) {
        return rp_fail(&err);
    }
    return trial.rejected_count > 0 ? RP_EXIT_PROBLEMS : RP_EXIT_DONE;
}

int rp_cmd_try(const struct rp_command *command, int argc, char **argv)
{
    const char *format_text = NULL;
    const char *at_text = NULL;
    const char *config = NULL;
    const struct rp_option options[] = {
        {"at", "TIME", "the moment of reading (the newest event's receivedAt)", &at_text, NULL},
        {"format", "text|json", "how to print", &format_text, NULL},
        {"config", "FILE", "ripen.lua", &config, NULL},
        {0},
    };
    char *arguments[8] = {0};
    int count = rp_options_parse(command, options, argc, argv, arguments);
    int format = rp_format_parse(format_text);
    struct rp_setup setup;
    int status;

    if (count < 0 || format < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    status = rp_setup_load(&setup, count == 2 ? arguments[0] : NULL, config, true);
    if (status == RP_EXIT_DONE) {
        status = run(&setup, arguments[count - 1], at_text, (enum rp_format)format);
    }
    rp_setup_fini(&setup);
    return status;
}
