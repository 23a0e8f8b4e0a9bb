/* SPDX-License-Identifier: MIT */
/* ripen sequence: where leads are in sequences; pausing, resuming and cancelling one lead's. */
#include "base/json_write.h"
#include "cli/decide.h"
#include "core/reader_sequences.h"

#include <stdio.h>
#include <string.h>

struct wish {
    const char *db, *config, *format_text, *author, *reason, *step;
    enum rp_format format;
    struct rp_setup setup;
    char *arguments[4];
    int count;
};

/* list, and show LEAD. */
static int read_it(struct wish *wish)
{
    struct rp_reader *reader = NULL;
    struct rp_buf out = {0};
    struct rp_err err = {0};
    int status = rp_reader_open(rp_setup_db(&wish->setup, wish->db), NULL, NULL, &reader, &err);

    if (status == 0) {
        status = wish->count < 2 ? rp_reader_sequences(reader, wish->format, &out, &err)
                                 : rp_reader_sequence(reader, rp_str_from(wish->arguments[1]),
                                                      wish->format, &out, &err);
    }
    status = status == 0 ? rp_print(&out) : rp_decided(status, &err);
    rp_buf_fini(&out);
    rp_reader_close(reader);
    return status;
}

static void put(struct rp_jw *jw, const char *key, const char *text)
{
    if (text && text[0]) {
        rp_jw_put_text(jw, key, text);
    }
}

static int decide(struct wish *wish, const char *verb, const char *said)
{
    struct rp_buf body = {0};
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&body);
    struct rp_decider decider = {0};
    struct rp_err err = {0};
    int status;

    rp_jw_object(&jw);
    put(&jw, "lead", wish->arguments[1]);
    put(&jw, "sequence", wish->count > 2 ? wish->arguments[2] : NULL);
    put(&jw, "step", wish->step);
    put(&jw, "reason", wish->reason);
    rp_jw_object_end(&jw);
    status = rp_decider_open(&decider, &wish->setup, rp_setup_db(&wish->setup, wish->db),
                             rp_author(wish->author), &err);
    if (status == 0) {
        status = rp_decider_ask(&decider, verb, rp_buf_view(&body), &out, &err);
    }
    rp_decider_close(&decider);
    status = rp_decided(status, &err);
    if (status == RP_EXIT_DONE && wish->format == RP_FORMAT_JSON) {
        status = rp_print(&out);
    } else if (status == RP_EXIT_DONE) {
        printf("%s; `ripen sequence show %s` tells where it is\n", said, wish->arguments[1]);
    }
    rp_buf_fini(&body);
    rp_buf_fini(&out);
    return status;
}

static const struct {
    const char *name, *verb, *said;
    int min, max;
} verbs[] = {
    {"list", NULL, NULL, 1, 1},
    {"show", NULL, NULL, 2, 2},
    {"pause", "sequence-pause", "paused", 2, 3},
    {"resume", "sequence-resume", "resumed", 2, 3},
    {"cancel", "sequence-cancel", "cancelled", 2, 3},
};

static int run(const struct rp_command *command, struct wish *wish)
{
    for (size_t i = 0; i < RP_COUNT(verbs); i++) {
        if (strcmp(wish->arguments[0], verbs[i].name) != 0 || wish->count < verbs[i].min ||
            wish->count > verbs[i].max) {
            continue;
        }
        if (wish->step && strcmp(verbs[i].name, "resume") != 0) {
            return rp_complain("--step belongs to `ripen sequence resume`");
        }
        return verbs[i].verb ? decide(wish, verbs[i].verb, verbs[i].said) : read_it(wish);
    }
    return rp_complain("usage: ripen sequence %s", command->arguments);
}

int rp_cmd_sequence(const struct rp_command *command, int argc, char **argv)
{
    struct wish wish = {0};
    const struct rp_option options[] = {
        {"db", "FILE", "the database (ripen.db)", &wish.db, NULL},
        {"step", "STEP", "of resume: goes on at the beginning of this step", &wish.step, NULL},
        {"reason", "WHY", "why; `show` tells it", &wish.reason, NULL},
        {"author", "NAME", "who does it (RIPEN_AUTHOR, else your user name)", &wish.author, NULL},
        {"format", "text|json", "how to print", &wish.format_text, NULL},
        {"config", "FILE", "ripen.lua", &wish.config, NULL},
        {0},
    };
    int format, status;

    wish.count = rp_options_parse(command, options, argc, argv, wish.arguments);
    format = rp_format_parse(wish.format_text);
    if (wish.count < 0 || format < 0) {
        return wish.count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    wish.format = (enum rp_format)format;
    status = rp_setup_config(&wish.setup, NULL, wish.config);
    if (status == RP_EXIT_DONE) {
        status = run(command, &wish);
    }
    rp_setup_fini(&wish.setup);
    return status;
}
