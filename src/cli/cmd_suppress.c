/* SPDX-License-Identifier: MIT */
/* ripen suppress: who gets no e-mail, whatever rules and events say. Only a person takes somebody
 * off the list again, with a reason that stands in the audit. */
#include "base/json_write.h"
#include "cli/decide.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LISTED_DEFAULT = 1000 };

struct wish {
    const char *db, *config, *format_text, *author, *reason, *limit;
    enum rp_format format;
    struct rp_setup setup;
    char *arguments[4];
};

static int list(struct wish *wish)
{
    struct rp_reader *reader = NULL;
    struct rp_buf out = {0};
    struct rp_err err = {0};
    size_t limit;
    int status;

    if (!rp_count_parse("limit", wish->limit, LISTED_DEFAULT, &limit)) {
        return RP_EXIT_FAILED;
    }
    status = rp_reader_open(rp_setup_db(&wish->setup, wish->db), NULL, NULL, &reader, &err);
    if (status == 0) {
        status = rp_reader_suppressions(reader, limit, wish->format, &out, &err);
    }
    status = status == 0 ? rp_print(&out) : rp_decided(status, &err);
    rp_buf_fini(&out);
    rp_reader_close(reader);
    return status;
}

static int ask(struct wish *wish, const char *verb, const char *who, struct rp_buf *out)
{
    const char *db = rp_setup_db(&wish->setup, wish->db);
    struct rp_decider decider;
    struct rp_buf body = {0};
    struct rp_jw jw = rp_jw(&body);
    struct rp_err err = {0};
    int status;

    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "lead", who);
    rp_jw_put_text(&jw, "reason", wish->reason);
    rp_jw_put_text(&jw, "author", rp_author(wish->author));
    rp_jw_object_end(&jw);
    status = rp_decider_open(&decider, &wish->setup, db, rp_author(wish->author), &err);
    if (status == 0) {
        status = rp_decider_ask(&decider, verb, rp_buf_view(&body), out, &err);
    }
    rp_decider_close(&decider);
    rp_buf_fini(&body);
    return rp_decided(status, &err);
}

static int change(struct wish *wish, const char *verb, const char *who)
{
    const char *db = rp_setup_db(&wish->setup, wish->db);
    struct rp_buf out = {0};
    int status;

    if (!wish->reason || !wish->reason[0]) {
        return rp_complain("suppress needs a reason: --reason \"…\"");
    }
    if (access(db, F_OK) != 0) {
        return rp_complain("there is no database %s; name it with --db", db);
    }
    status = ask(wish, verb, who, &out);
    if (status == RP_EXIT_DONE && wish->format == RP_FORMAT_JSON) {
        status = rp_print(&out);
    } else if (status == RP_EXIT_DONE) {
        printf(strcmp(verb, "suppress") == 0 ? "%s gets no e-mail from now on\n"
                                             : "%s may get e-mail again\n",
               who);
    }
    rp_buf_fini(&out);
    return status;
}

int rp_cmd_suppress(const struct rp_command *command, int argc, char **argv)
{
    struct wish wish = {0};
    const struct rp_option options[] = {
        {"reason", "WHY", "why: bounce, complaint, unsubscribe_all, or in your words", &wish.reason,
         NULL},
        {"limit", "N", "list: at most so many (1000)", &wish.limit, NULL},
        {"db", "FILE", "the database (ripen.db)", &wish.db, NULL},
        {"author", "NAME", "who does it (RIPEN_AUTHOR, else your user name)", &wish.author, NULL},
        {"format", "text|json", "how to print", &wish.format_text, NULL},
        {"config", "FILE", "ripen.lua", &wish.config, NULL},
        {0},
    };
    int count = rp_options_parse(command, options, argc, argv, wish.arguments);
    int format = rp_format_parse(wish.format_text);
    int status;

    if (count < 0 || format < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    wish.format = (enum rp_format)format;
    status = rp_setup_config(&wish.setup, NULL, wish.config);
    if (status == RP_EXIT_DONE) {
        if (count == 2 && strcmp(wish.arguments[0], "remove") == 0) {
            status = change(&wish, "unsuppress", wish.arguments[1]);
        } else if (count == 2) {
            status = rp_complain("write: ripen suppress LEAD, or suppress remove ADDRESS");
        } else if (strcmp(wish.arguments[0], "list") == 0) {
            status = list(&wish);
        } else {
            status = change(&wish, "suppress", wish.arguments[0]);
        }
    }
    rp_setup_fini(&wish.setup);
    return status;
}
