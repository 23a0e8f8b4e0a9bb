/* SPDX-License-Identifier: MIT */
/* ripen sequence: where leads are in sequences; pausing, resuming and cancelling one lead's. */
#include "cli/decide.h"
#include "core/reader_sequences.h"

#include <stdio.h>
#include <string.h>

struct wish {
    struct rp_deciding in;
    const char *step;
};

/* list, and show LEAD. */
static int read_it(struct wish *wish)
{
    struct rp_reader *reader = NULL;
    struct rp_buf out = {0};
    struct rp_err err = {0};
    int status =
        rp_reader_open(rp_setup_db(&wish->in.setup, wish->in.db), NULL, NULL, &reader, &err);

    if (status == 0) {
        status = wish->in.count < 2 ? rp_reader_sequences(reader, wish->in.format, &out, &err)
                                    : rp_reader_sequence(reader, rp_str_from(wish->in.arguments[1]),
                                                         wish->in.format, &out, &err);
    }
    status = status == 0 ? rp_print(&out) : rp_decided(status, &err);
    rp_buf_fini(&out);
    rp_reader_close(reader);
    return status;
}

static int decide(struct wish *wish, const char *verb, const char *said)
{
    struct rp_buf body = {0};
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&body);
    int status;

    rp_jw_object(&jw);
    rp_put_said(&jw, "lead", wish->in.arguments[1]);
    rp_put_said(&jw, "sequence", wish->in.count > 2 ? wish->in.arguments[2] : NULL);
    rp_put_said(&jw, "step", wish->step);
    rp_put_said(&jw, "reason", wish->in.reason);
    rp_jw_object_end(&jw);
    status = rp_deciding_ask(&wish->in, verb, rp_buf_view(&body), &out);
    if (status == RP_EXIT_DONE && wish->in.format == RP_FORMAT_JSON) {
        status = rp_print(&out);
    } else if (status == RP_EXIT_DONE) {
        printf("%s; `ripen sequence show %s` tells where it is\n", said, wish->in.arguments[1]);
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
        if (strcmp(wish->in.arguments[0], verbs[i].name) != 0 || wish->in.count < verbs[i].min ||
            wish->in.count > verbs[i].max) {
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
        {"db", "FILE", "the database (ripen.db)", &wish.in.db, NULL},
        {"step", "STEP", "of resume: goes on at the beginning of this step", &wish.step, NULL},
        {"reason", "WHY", "why; `show` tells it", &wish.in.reason, NULL},
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
    status = run(command, &wish);
    rp_setup_fini(&wish.in.setup);
    return status;
}
