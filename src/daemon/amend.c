/* SPDX-License-Identifier: MIT */
/* One errand an amendment: the writer does it between two groups, the loop answers. Knows nothing
 * of what an amendment is. */
#include "daemon/amend.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "core/amend.h"

#include <stdlib.h>

struct amend {
    struct amend *next;
    struct rp_amends *amends;
    struct rp_http_request *request;
    struct rp_errand errand;
    struct rp_buf verb, body, author, answer;
};

struct rp_amends {
    struct rp_writer *writer;
    struct amend *first;
};

struct rp_amends *rp_amends_new(struct rp_writer *writer)
{
    struct rp_amends *amends = rp_calloc(1, sizeof(*amends));

    amends->writer = writer;
    return amends;
}

int rp_amend_http(int status)
{
    static const struct {
        int status, http;
    } codes[] = {{0, 200}, {RIPEN_EINPUT, 422}, {RIPEN_ENOTFOUND, 404}, {RIPEN_EDENIED, 409}};

    for (size_t i = 0; i < RP_COUNT(codes); i++) {
        if (codes[i].status == status)
            return codes[i].http;
    }
    return 503;
}

/* Writer thread. */
static int run(struct rp_core *core, void *ctx, struct rp_err *err)
{
    struct amend *amend = ctx;

    return rp_core_amend(core, rp_buf_view(&amend->verb), rp_buf_view(&amend->body),
                         rp_buf_view(&amend->author), &amend->answer, err);
}

static void drop_amend(struct amend *amend)
{
    rp_buf_fini(&amend->verb);
    rp_buf_fini(&amend->body);
    rp_buf_fini(&amend->author);
    rp_buf_fini(&amend->answer);
    free(amend);
}

static void free_amend(struct amend *amend)
{
    struct amend **at = &amend->amends->first;

    while (*at != amend)
        at = &(*at)->next;
    *at = amend->next;
    drop_amend(amend);
}

static void reply(struct amend *amend, int http_status, const char *reason)
{
    struct rp_jw jw;

    if (http_status == 503)
        rp_http_reply_header(amend->request, "Retry-After", RP_STR("1"));
    if (http_status != 200) {
        rp_buf_reset(&amend->answer);
        jw = rp_jw(&amend->answer);
        rp_jw_object(&jw);
        rp_jw_put_text(&jw, "reason", reason);
        rp_jw_object_end(&jw);
    }
    rp_http_reply(amend->request, http_status, "application/json", rp_buf_view(&amend->answer));
}

static void done(struct rp_errand *errand)
{
    struct amend *amend = errand->ctx;

    reply(amend, rp_amend_http(errand->status), errand->err.text);
    free_amend(amend);
}

void rp_amends_free(struct rp_amends *amends)
{
    if (!amends)
        return;
    for (struct amend *next, *amend = amends->first; amend; amend = next) {
        next = amend->next;
        reply(amend, 503, "the server stops; ask again");
        drop_amend(amend);
    }
    free(amends);
}

void rp_amends_ask(struct rp_amends *amends, struct rp_http_request *request, struct rp_str verb,
                   struct rp_str body, struct rp_str author)
{
    struct amend *amend = rp_calloc(1, sizeof(*amend));

    amend->amends = amends;
    amend->request = request;
    amend->next = amends->first;
    amends->first = amend;
    rp_buf_str(&amend->verb, verb);
    rp_buf_str(&amend->body, body);
    rp_buf_str(&amend->author, author);
    amend->errand = (struct rp_errand){.run = run, .done = done, .ctx = amend};
    rp_writer_ask(amends->writer, &amend->errand);
}
