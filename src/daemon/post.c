/* SPDX-License-Identifier: MIT */
/* The way of e-mail between writer and mail threads. Knows rows, results and one kind of event;
 * must not know templates, MIME or SMTP.
 *
 *   claimed ──▶ rp_mail ──▶ result ──▶ writer
 *                  └──▶ bounce ──▶ event in the queue ──committed──▶ result ──▶ writer
 */
#include "daemon/post.h"

#include "base/json_write.h"
#include "base/log.h"
#include "base/mem.h"
#include "deliver/mail_link.h"

#include <stdlib.h>

/* A result that waits for its event. */
struct bounced {
    struct bounced *next; /* while the queue is full */
    struct rp_post *post;
    struct rp_outbox_result result;
    char *error;
    struct rp_batch *batch;
};

struct rp_post {
    uv_loop_t *loop;
    struct rp_queue *queue;
    struct rp_clock clock;
    struct rp_writer *writer; /* NULL: results go nowhere, leases run out */
    struct rp_mail *mail;     /* NULL: stopped */
    size_t leaving;           /* mail objects that end */
    bool paused, stopping;
    void (*stopped)(void *ctx);
    void *stopped_ctx;
    struct bounced *waiting, **waiting_end;
    uint8_t secret[16];
    struct linker *linkers; /* one a configuration: what is under way reads them */
};

struct linker {
    struct linker *next;
    struct rp_mail_linker linker;
};

static void show_room(struct rp_post *post)
{
    if (post->writer && post->mail)
        rp_writer_room(post->writer, RP_WAY_MAIL, rp_mail_room(post->mail));
}

/* ---- Bounces --------------------------------------------------------------------------------- */

static void free_bounced(struct bounced *bounced)
{
    rp_batch_free(bounced->batch);
    free(bounced->error);
    free(bounced);
}

static void on_committed(struct rp_batch *batch)
{
    struct bounced *bounced = batch->owner;
    struct rp_post *post = bounced->post;

    if (batch->status != 0 && post->writer) { /* a full disk: the lease runs out, and once more */
        rp_log(RP_LOG_WARN, "bounce", "problem=\"an event of a bounce could not be stored\"");
    } else if (post->writer) {
        rp_writer_result(post->writer, &bounced->result);
        show_room(post);
    }
    free_bounced(bounced);
}

static struct rp_str event_of(struct rp_arena *arena, const struct rp_outbox_result *result,
                              const struct rp_mail_bounce *bounce)
{
    struct rp_buf out = {0}, id = {0};
    struct rp_jw jw = rp_jw(&out);
    struct rp_str json;

    rp_buf_printf(&id, "bounce-%.*s", RP_STR_ARG(bounce->key));
    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "type", "track");
    rp_jw_put_text(&jw, "event", "Email Bounced");
    rp_jw_put_str(&jw, "messageId", rp_buf_view(&id));
    rp_jw_key(&jw, "properties");
    rp_jw_object(&jw);
    rp_jw_put_str(&jw, "email", bounce->address);
    rp_jw_put_bool(&jw, "permanent", bounce->permanent);
    rp_jw_put_int(&jw, "code", bounce->code);
    rp_jw_put_str(&jw, "reason", result->error);
    rp_jw_put_str(&jw, "template", bounce->template);
    rp_jw_put_str(&jw, "action", bounce->action);
    rp_jw_put_str(&jw, "email_id", bounce->key);
    rp_jw_object_end(&jw);
    rp_jw_key(&jw, "context");
    rp_jw_object(&jw);
    rp_jw_key(&jw, "traits");
    rp_jw_object(&jw);
    rp_jw_put_str(&jw, "email", bounce->address);
    rp_jw_object_end(&jw);
    rp_jw_key(&jw, "source");
    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "name", "ripen");
    rp_jw_object_end(&jw);
    rp_jw_object_end(&jw);
    rp_jw_object_end(&jw);
    json = rp_arena_str(arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    rp_buf_fini(&id);
    return json;
}

static void send_waiting(struct rp_post *post)
{
    while (post->waiting) {
        struct bounced *first = post->waiting;

        if (!rp_queue_push(post->queue, first->batch))
            return; /* full: at the next tick */
        post->waiting = first->next;
    }
    post->waiting_end = &post->waiting;
    rp_queue_send(post->queue);
}

static void take_bounce(struct rp_post *post, const struct rp_outbox_result *result,
                        const struct rp_mail_bounce *bounce)
{
    struct bounced *bounced = rp_calloc(1, sizeof(*bounced));
    struct rp_envelope envelope = {
        .received_ms = rp_clock_now(&post->clock), .sent_ms = RP_NEVER, .flags = RP_EVENT_CRM};
    struct rp_err err = {0};
    struct rp_str body;

    bounced->post = post;
    bounced->result = *result;
    bounced->error = rp_strndup(result->error.ptr ? result->error.ptr : "", result->error.len);
    bounced->result.error.ptr = bounced->error;
    bounced->batch = rp_batch_new();
    bounced->batch->owner = bounced;
    bounced->batch->done = on_committed;
    body = event_of(&bounced->batch->arena, result, bounce);
    if (rp_batch_parse(bounced->batch, body, &envelope, NULL, &err) != 0) {
        rp_log(RP_LOG_ERROR, "bounce", "problem=\"%s\"", err.text);
        bounced->batch->status = 0;
        on_committed(bounced->batch);
        return;
    }
    *post->waiting_end = bounced;
    post->waiting_end = &bounced->next;
    send_waiting(post);
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static void on_mailed(void *ctx, const struct rp_outbox_result *result,
                      const struct rp_mail_bounce *bounce)
{
    struct rp_post *post = ctx;

    if (bounce)
        take_bounce(post, result, bounce);
    else if (post->writer)
        rp_writer_result(post->writer, result);
    if (!post->stopping)
        show_room(post);
}

void rp_post_hand_over(struct rp_post *post)
{
    struct rp_claimed *claimed;

    if (!post->writer || !post->mail || post->stopping)
        return;
    send_waiting(post);
    claimed = rp_writer_claimed(post->writer, RP_WAY_MAIL);
    while (claimed) {
        struct rp_claimed *next = claimed->next;

        rp_mail_submit(post->mail, claimed->rows, claimed->count);
        rp_claimed_free(claimed);
        claimed = next;
    }
    show_room(post);
}

void rp_post_pause(struct rp_post *post, const struct rp_pauses *pauses)
{
    post->paused = rp_pauses_cover(pauses, RP_ACTION_EMAIL, RP_STR("")) != NULL;
    if (post->mail)
        rp_mail_pause(post->mail, post->paused);
}

/* ---- Life ------------------------------------------------------------------------------------ */

static struct linker *add_linker(struct rp_post *post, struct rp_str url)
{
    struct linker *linker = rp_calloc(1, sizeof(*linker));

    memcpy(linker->linker.secret, post->secret, sizeof(post->secret));
    linker->linker.url = (struct rp_str){rp_strndup(url.ptr, url.len), url.len};
    linker->next = post->linkers;
    post->linkers = linker;
    return linker;
}

static void free_linkers(struct rp_post *post)
{
    while (post->linkers) {
        struct linker *first = post->linkers;

        post->linkers = first->next;
        free((char *)(uintptr_t)first->linker.url.ptr);
        free(first);
    }
}

static int new_mail(struct rp_post *post, const struct rp_config *config, struct rp_mail **ret_mail,
                    struct rp_err *err)
{
    struct rp_mail_options options = {
        .config = config, .clock = post->clock, .mailed = on_mailed, .ctx = post};

    if (config->url.len > 0) {
        options.sender.link = rp_mail_link;
        options.sender.ctx = &add_linker(post, config->url)->linker;
    }
    return rp_mail_new(post->loop, &options, ret_mail, err);
}

int rp_post_new(uv_loop_t *loop, struct rp_queue *queue, const struct rp_config *config,
                const uint8_t secret[16], struct rp_clock clock, struct rp_post **ret_post,
                struct rp_err *err)
{
    struct rp_post *post = rp_calloc(1, sizeof(*post));
    int status;

    memcpy(post->secret, secret, sizeof(post->secret));
    post->loop = loop;
    post->queue = queue;
    post->clock = clock;
    post->waiting_end = &post->waiting;
    status = new_mail(post, config, &post->mail, err);
    if (status != 0) {
        free_linkers(post);
        free(post);
        return status;
    }
    *ret_post = post;
    return 0;
}

void rp_post_writer(struct rp_post *post, struct rp_writer *writer)
{
    post->writer = writer;
    if (writer && post->mail) {
        rp_writer_lease(writer, RP_WAY_MAIL, rp_mail_lease_ms(post->mail));
        show_room(post);
    }
}

static void on_stopped(void *ctx)
{
    struct rp_post *post = ctx;

    if (--post->leaving > 0 || !post->stopping)
        return;
    if (post->stopped)
        post->stopped(post->stopped_ctx);
}

int rp_post_configure(struct rp_post *post, const struct rp_config *config, struct rp_err *err)
{
    struct rp_mail *old = post->mail, *next;
    int status = new_mail(post, config, &next, err);

    if (status != 0)
        return status;
    rp_mail_pause(next, post->paused);
    post->mail = next;
    post->leaving++;
    rp_mail_stop(old, 5 * RP_SECOND, on_stopped, post);
    rp_post_writer(post, post->writer);
    return 0;
}

void rp_post_stop(struct rp_post *post, int64_t grace_ms, void (*stopped)(void *ctx), void *ctx)
{
    struct rp_mail *mail = post->mail;

    RP_ASSERT(mail != NULL && !post->stopping);
    post->stopping = true;
    post->stopped = stopped;
    post->stopped_ctx = ctx;
    post->mail = NULL;
    post->leaving++;
    rp_mail_stop(mail, grace_ms, on_stopped, post);
}

void rp_post_free(struct rp_post *post)
{
    if (!post)
        return;
    while (post->waiting) {
        struct bounced *next = post->waiting->next;

        free_bounced(post->waiting);
        post->waiting = next;
    }
    free_linkers(post);
    free(post);
}

void rp_post_stats(struct rp_post *post, struct rp_mail_stats *ret_stats)
{
    *ret_stats = (struct rp_mail_stats){0};
    if (post->mail)
        rp_mail_stats(post->mail, ret_stats);
}
