/* SPDX-License-Identifier: MIT */
/* ripen suppress: who gets no e-mail, whatever rules and events say. Only a person takes somebody
 * off the list again, with a reason that stands in the audit. */
#include "cli/decide.h"

#include <stdio.h>
#include <string.h>

enum { LISTED_DEFAULT = 1000 };

struct wish {
    struct rp_deciding in;
    const char *limit;
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
    status = rp_reader_open(rp_setup_db(&wish->in.setup, wish->in.db), NULL, NULL, &reader, &err);
    if (status == 0) {
        status = rp_reader_suppressions(reader, limit, wish->in.format, &out, &err);
    }
    status = status == 0 ? rp_print(&out) : rp_decided(status, &err);
    rp_buf_fini(&out);
    rp_reader_close(reader);
    return status;
}

static int change(struct wish *wish, const char *verb, const char *who)
{
    struct rp_buf body = {0};
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&body);
    int status;

    if (!wish->in.reason || !wish->in.reason[0]) {
        return rp_complain("suppress needs a reason: --reason \"…\"");
    }
    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "lead", who);
    rp_jw_put_text(&jw, "reason", wish->in.reason);
    rp_jw_put_text(&jw, "author", rp_author(wish->in.author));
    rp_jw_object_end(&jw);
    status = rp_deciding_ask(&wish->in, verb, rp_buf_view(&body), &out);
    if (status == RP_EXIT_DONE && wish->in.format == RP_FORMAT_JSON) {
        status = rp_print(&out);
    } else if (status == RP_EXIT_DONE) {
        printf(strcmp(verb, "suppress") == 0 ? "%s gets no e-mail from now on\n"
                                             : "%s may get e-mail again\n",
               who);
    }
    rp_buf_fini(&body);
    rp_buf_fini(&out);
    return status;
}

int rp_cmd_suppress(const struct rp_command *command, int argc, char **argv)
{
    struct wish wish = {0};
    const struct rp_option options[] = {
        {"reason", "WHY", "why: bounce, complaint, unsubscribe_all, or in your words",
         &wish.in.reason, NULL},
        {"limit", "N", "list: at most so many (1000)", &wish.limit, NULL},
        {"db", "FILE", "the database (ripen.db)", &wish.in.db, NULL},
        {"author", "NAME", "who does it (RIPEN_AUTHOR, else your user name)", &wish.in.author,
         NULL},
        {"format", "text|json", "how to print", &wish.in.format_text, NULL},
        {"config", "FILE", "ripen.lua", &wish.in.config, NULL},
        {0},
    };
    int status = rp_deciding_begin(&wish.in, command, options, argc, argv);
    char **arguments = wish.in.arguments;

    if (status >= 0) {
        return status;
    }
    if (wish.in.count == 2 && strcmp(arguments[0], "remove") == 0) {
        status = change(&wish, "unsuppress", arguments[1]);
    } else if (wish.in.count == 2) {
        status = rp_complain("write: ripen suppress LEAD, or suppress remove ADDRESS");
    } else if (strcmp(arguments[0], "list") == 0) {
        status = list(&wish);
    } else {
        status = change(&wish, "suppress", arguments[0]);
    }
    rp_setup_fini(&wish.in.setup);
    return status;
}
