/* SPDX-License-Identifier: MIT */
/* The mail threads and their queue. The loop thread submits and reports; a worker takes the first
 * row whose domain's turn has come, makes the message, sends it, and leaves the result for the
 * loop.
 *
 *   submit ──▶ waiting ──take──▶ out (a worker) ──▶ ended ──on_woken──▶ mailed()
 *      │          └──pace, lease, pause, stop──▶ ended (returned)
 *      └──no smtp {…}──▶ mailed(): dead
 *
 * Everything but the workers' own stands behind one mutex. Invariants: an attempt starts only while
 * its lease lasts long enough for its time out; a domain gets no more than its number a minute. */
#include "deliver/mail.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/retry.h"
#include "deliver/mail_pace.h"
#include "deliver/mail_row.h"
#include "deliver/smtp.h"

#include <pthread.h>
#include <stdlib.h>

#define MAIL_MAGIC      UINT32_C(0x6d61696c)
#define LEASE_MARGIN_MS RP_SECOND
#define LEASE_WAIT_MS   RP_MINUTE
#define IDLE_WAIT_MS    500

struct job {
    struct job *next;
    int64_t id, lease_ms, start_by_ms, created_ms;
    int attempts;
    struct rp_str key, body, lead, action; /* behind the struct */
    size_t domain;                         /* of the pace, while it waits */
    /* The end. */
    enum rp_outcome outcome;
    int code;
    int64_t due_ms;
    bool bounced, permanent;
    struct rp_buf error, address, template;
};

struct worker {
    struct rp_mail *mail;
    pthread_t thread;
    struct rp_smtp_client *client;
};

struct rp_mail {
    uint32_t magic;
    struct rp_clock clock;
    rp_mailed_fn *mailed;
    void *ctx;
    struct rp_smtp smtp; /* its texts are in the arena */
    struct rp_mail_sender sender;
    struct rp_arena arena;
    uv_async_t woken;
    uv_timer_t grace;
    int open_handles;
    void (*stopped)(void *ctx);
    void *stopped_ctx;
    struct worker *workers;
    size_t worker_count;
    bool joined;
    atomic_bool cancel;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t work;
    struct job *first, **last, *ended, **ended_last;
    struct rp_mail_pace pace;
    size_t waiting, out, running;
    bool stopping, paused;
    struct rp_mail_stats stats;
};

/* ---- Jobs ------------------------------------------------------------------------------------ */

static struct rp_str copied(char **at, struct rp_str text)
{
    struct rp_str copy = {*at, text.len};

    if (text.len > 0)
        memcpy(*at, text.ptr, text.len);
    *at += text.len;
    return copy;
}

/* The recipient's domain: of the body, which is not read for anything else yet. */
static struct rp_str domain_of(struct rp_arena *arena, struct rp_str body)
{
    struct rp_email email;
    struct rp_mailbox box;

    if (rp_email_read(arena, body, &email, NULL) != 0 || !rp_mailbox_parse(email.to, &box))
        return RP_STR("");
    return box.domain;
}

static struct job *job_new(const struct rp_outbox_row *row)
{
    struct job *job = rp_calloc(1, sizeof(*job) + row->key.len + row->body.len +
                                       row->lead_public_id.len + row->action.len);
    char *at = (char *)(job + 1);

    job->id = row->id;
    job->lease_ms = row->lease_ms;
    job->created_ms = row->created_ms;
    job->attempts = row->attempts;
    job->key = copied(&at, row->key);
    job->body = copied(&at, row->body);
    job->lead = copied(&at, row->lead_public_id);
    job->action = copied(&at, row->action);
    return job;
}

static void job_free(struct job *job)
{
    rp_buf_fini(&job->error);
    rp_buf_fini(&job->address);
    rp_buf_fini(&job->template);
    free(job);
}

/* Under the lock. */
static void end_job(struct rp_mail *mail, struct job *job)
{
    mail->stats.sent += job->outcome == RP_OUTCOME_DELIVERED;
    mail->stats.retried += job->outcome == RP_OUTCOME_RETRY;
    mail->stats.dead += job->outcome == RP_OUTCOME_DEAD;
    mail->stats.bounced += job->bounced;
    job->next = NULL;
    *mail->ended_last = job;
    mail->ended_last = &job->next;
    uv_async_send(&mail->woken);
}

static void return_job(struct rp_mail *mail, struct job *job, int64_t due_ms)
{
    job->outcome = RP_OUTCOME_RETURNED;
    job->due_ms = due_ms;
    end_job(mail, job);
}

/* Under the lock: a job that waited, without an attempt. */
static void give_back(struct rp_mail *mail, struct job *job, int64_t now_ms)
{
    mail->waiting--;
    rp_mail_pace_leave(&mail->pace, job->domain);
    /* After its lease a row may be leased anew: a result would hit the wrong lease. */
    if (job->lease_ms == RP_NEVER || job->lease_ms > now_ms)
        return_job(mail, job, now_ms);
    else
        job_free(job);
}

/* ---- An attempt (worker thread, without the lock) -------------------------------------------- */

static void settle(struct rp_mail *mail, struct job *job, const struct rp_smtp_answer *answer)
{
    enum rp_smtp_meaning meaning = rp_smtp_meaning(answer);
    int64_t now_ms = rp_clock_now(&mail->clock);

    job->code = answer->code;
    rp_buf_text(&job->error, answer->error);
    if (meaning == RP_SMTP_SENT) {
        job->outcome = RP_OUTCOME_DELIVERED;
        return;
    }
    if (meaning == RP_SMTP_LATER && atomic_load(&mail->cancel)) {
        rp_buf_reset(&job->error);
        rp_buf_text(&job->error, "the server stopped before an answer came");
        job->outcome = RP_OUTCOME_RETRY;
        job->due_ms = now_ms;
        return;
    }
    job->outcome =
        meaning == RP_SMTP_LATER
            ? rp_retry_decide(0, job->attempts, -1, rp_random_share(), now_ms, &job->due_ms)
            : RP_OUTCOME_DEAD;
    if (meaning == RP_SMTP_LATER && job->outcome == RP_OUTCOME_DEAD)
        rp_buf_printf(&job->error, "; given up after %d attempts", job->attempts);
    /* What failed for want of an answer, or by our own fault, says nothing of the recipient. */
    job->bounced = job->outcome == RP_OUTCOME_DEAD &&
                   (meaning != RP_SMTP_LATER || answer->stage == RP_SMTP_RECIPIENT);
    job->permanent = meaning == RP_SMTP_DEAD;
}

static void attempt(struct worker *worker, struct job *job)
{
    struct rp_mail *mail = worker->mail;
    struct rp_mail_row row = {
        .key = job->key, .body = job->body, .lead = job->lead, .created_ms = job->created_ms};
    struct rp_mail_message message = {0};
    struct rp_smtp_answer answer;
    struct rp_mailbox envelope;
    struct rp_arena arena;
    struct rp_err err = {0};

    rp_arena_init(&arena);
    if (rp_mail_compose(&arena, &row, &mail->sender, &message, &err) != 0) {
        job->outcome = RP_OUTCOME_DEAD;
        rp_buf_text(&job->error, err.text);
    } else {
        rp_buf_str(&job->address, message.to.address);
        rp_buf_str(&job->template, message.email.template);
        if (!rp_mailbox_parse(mail->smtp.from, &envelope))
            envelope = message.sender;
        rp_smtp_send(worker->client, envelope.address, message.to.address,
                     rp_buf_view(&message.bytes), &answer);
        settle(mail, job, &answer);
    }
    rp_buf_fini(&message.bytes);
    rp_arena_fini(&arena);
}

/* Under the lock: the first row whose turn has come, out of the queue; NULL: none, and ret_wait_ms
 * says how long at most. */
static struct job *take_job(struct rp_mail *mail, int64_t *ret_wait_ms)
{
    int64_t now_ms = rp_clock_now(&mail->clock);
    struct job **at = &mail->first;

    *ret_wait_ms = IDLE_WAIT_MS;
    while (*at) {
        struct job *job = *at;
        bool late = job->start_by_ms != RP_NEVER && job->start_by_ms < now_ms;
        int64_t wait_ms = late ? 0 : rp_mail_pace_wait(&mail->pace, job->domain, now_ms);

        if (wait_ms > 0) {
            *ret_wait_ms = wait_ms < *ret_wait_ms ? wait_ms : *ret_wait_ms;
            at = &job->next;
            continue;
        }
        *at = job->next;
        if (*at == NULL)
            mail->last = at;
        if (!late) {
            mail->waiting--;
            rp_mail_pace_start(&mail->pace, job->domain, now_ms);
            return job;
        }
        give_back(mail, job, now_ms);
    }
    return NULL;
}

static void *worker_main(void *arg)
{
    struct worker *worker = arg;
    struct rp_mail *mail = worker->mail;

    pthread_mutex_lock(&mail->lock);
    while (!mail->stopping) {
        int64_t wait_ms;
        struct job *job = take_job(mail, &wait_ms);

        if (!job) {
            struct timespec until;

            clock_gettime(CLOCK_MONOTONIC, &until);
            until.tv_nsec += (wait_ms % 1000) * 1000000;
            until.tv_sec += wait_ms / 1000 + until.tv_nsec / 1000000000;
            until.tv_nsec %= 1000000000;
            if (mail->first)
                pthread_cond_timedwait(&mail->work, &mail->lock, &until);
            else
                pthread_cond_wait(&mail->work, &mail->lock);
            continue;
        }
        mail->out++;
        pthread_mutex_unlock(&mail->lock);
        attempt(worker, job);
        pthread_mutex_lock(&mail->lock);
        mail->out--;
        end_job(mail, job);
    }
    mail->running--;
    uv_async_send(&mail->woken);
    pthread_mutex_unlock(&mail->lock);
    return NULL;
}

/* ---- Rows (loop thread) ---------------------------------------------------------------------- */

size_t rp_mail_room(struct rp_mail *mail)
{
    size_t taken;

    RP_CHECK_OBJ(mail, MAIL_MAGIC);
    pthread_mutex_lock(&mail->lock);
    taken = mail->stopping ? RP_MAIL_QUEUE_MAX : mail->waiting;
    pthread_mutex_unlock(&mail->lock);
    return taken >= RP_MAIL_QUEUE_MAX ? 0 : RP_MAIL_QUEUE_MAX - taken;
}

int64_t rp_mail_lease_ms(const struct rp_mail *mail)
{
    RP_CHECK_OBJ(mail, MAIL_MAGIC);
    return mail->smtp.timeout_ms + LEASE_MARGIN_MS + LEASE_WAIT_MS;
}

static bool is_here(const struct rp_mail *mail, int64_t id)
{
    for (const struct job *job = mail->first; job; job = job->next)
        if (job->id == id)
            return true;
    return false;
}

/* Under the lock. */
static void take_row(struct rp_mail *mail, const struct rp_outbox_row *row, int64_t now_ms)
{
    struct rp_arena arena;
    struct job *job;
    int64_t due_ms;

    if (is_here(mail, row->id))
        return;
    rp_arena_init(&arena);
    job = job_new(row);
    job->start_by_ms = RP_NEVER;
    if (row->lease_ms != RP_NEVER) {
        job->start_by_ms = row->lease_ms - mail->smtp.timeout_ms - LEASE_MARGIN_MS;
        if (job->start_by_ms < now_ms) /* a lease too short for any wait: better tried than never */
            job->start_by_ms = row->lease_ms;
    }
    if (mail->stopping || mail->paused) {
        return_job(mail, job, now_ms);
    } else if (!rp_mail_pace_enter(&mail->pace, domain_of(&arena, row->body), now_ms,
                                   rp_random_share(), &job->domain, &due_ms)) {
        return_job(mail, job, due_ms);
    } else {
        *mail->last = job;
        mail->last = &job->next;
        mail->waiting++;
    }
    rp_arena_fini(&arena);
}

static void refuse(struct rp_mail *mail, const struct rp_outbox_row *row)
{
    struct rp_outbox_result result = {
        .id = row->id,
        .outcome = RP_OUTCOME_DEAD,
        .error = RP_STR("there is no smtp {…} in ripen.lua; declare it, load the configuration "
                        "again, then retry"),
    };

    mail->stats.dead++;
    mail->mailed(mail->ctx, &result, NULL);
}

void rp_mail_submit(struct rp_mail *mail, const struct rp_outbox_row *rows, size_t count)
{
    int64_t now_ms = rp_clock_now(&mail->clock);

    RP_CHECK_OBJ(mail, MAIL_MAGIC);
    for (size_t i = 0; i < count && mail->worker_count == 0; i++)
        refuse(mail, &rows[i]);
    if (mail->worker_count == 0)
        return;
    pthread_mutex_lock(&mail->lock);
    for (size_t i = 0; i < count; i++)
        take_row(mail, &rows[i], now_ms);
    pthread_cond_broadcast(&mail->work);
    pthread_mutex_unlock(&mail->lock);
}

/* Under the lock: all that waits goes back. */
static void return_waiting(struct rp_mail *mail)
{
    int64_t now_ms = rp_clock_now(&mail->clock);

    while (mail->first) {
        struct job *job = mail->first;

        mail->first = job->next;
        give_back(mail, job, now_ms);
    }
    mail->last = &mail->first;
}

void rp_mail_pause(struct rp_mail *mail, bool paused)
{
    RP_CHECK_OBJ(mail, MAIL_MAGIC);
    pthread_mutex_lock(&mail->lock);
    mail->paused = paused;
    if (paused)
        return_waiting(mail);
    pthread_mutex_unlock(&mail->lock);
}

void rp_mail_stats(struct rp_mail *mail, struct rp_mail_stats *ret_stats)
{
    RP_CHECK_OBJ(mail, MAIL_MAGIC);
    pthread_mutex_lock(&mail->lock);
    *ret_stats = mail->stats;
    ret_stats->queued = mail->waiting;
    ret_stats->in_flight = mail->out;
    pthread_mutex_unlock(&mail->lock);
}

/* ---- Results --------------------------------------------------------------------------------- */

static void report(struct rp_mail *mail, struct job *job)
{
    struct rp_outbox_result result = {.id = job->id,
                                      .outcome = job->outcome,
                                      .http_status = job->code,
                                      .error = rp_buf_view(&job->error),
                                      .due_ms = job->due_ms};
    struct rp_mail_bounce bounce = {.address = rp_buf_view(&job->address),
                                    .template = rp_buf_view(&job->template),
                                    .action = job->action,
                                    .key = job->key,
                                    .lead = job->lead,
                                    .code = job->code,
                                    .permanent = job->permanent};

    mail->mailed(mail->ctx, &result, job->bounced ? &bounce : NULL);
    job_free(job);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct rp_mail *mail = handle->data;
    void (*stopped)(void *) = mail->stopped;
    void *ctx = mail->stopped_ctx;

    if (--mail->open_handles > 0)
        return;
    for (size_t i = 0; i < mail->worker_count; i++)
        rp_smtp_free(mail->workers[i].client);
    free(mail->workers);
    rp_mail_pace_fini(&mail->pace);
    pthread_mutex_destroy(&mail->lock);
    pthread_cond_destroy(&mail->work);
    rp_arena_fini(&mail->arena);
    mail->magic = 0;
    free(mail);
    if (stopped)
        stopped(ctx);
}

static void close_handles(struct rp_mail *mail)
{
    for (size_t i = 0; i < mail->worker_count; i++)
        pthread_join(mail->workers[i].thread, NULL);
    mail->joined = true;
    uv_close((uv_handle_t *)&mail->woken, on_handle_closed);
    uv_close((uv_handle_t *)&mail->grace, on_handle_closed);
}

static void on_woken(uv_async_t *handle)
{
    struct rp_mail *mail = handle->data;
    struct job *ended;
    bool over;

    RP_CHECK_OBJ(mail, MAIL_MAGIC);
    pthread_mutex_lock(&mail->lock);
    ended = mail->ended;
    mail->ended = NULL;
    mail->ended_last = &mail->ended;
    over = mail->stopping && mail->running == 0;
    pthread_mutex_unlock(&mail->lock);
    while (ended) {
        struct job *next = ended->next;

        report(mail, ended);
        ended = next;
    }
    if (over && !mail->joined)
        close_handles(mail);
}

/* ---- Life ------------------------------------------------------------------------------------ */

static void on_grace_over(uv_timer_t *timer)
{
    struct rp_mail *mail = timer->data;

    atomic_store(&mail->cancel, true);
}

void rp_mail_stop(struct rp_mail *mail, int64_t grace_ms, void (*stopped)(void *ctx), void *ctx)
{
    uint64_t wait = grace_ms > 0 ? (uint64_t)grace_ms : 0;

    RP_CHECK_OBJ(mail, MAIL_MAGIC);
    if (mail->joined || (mail->stopping && wait >= uv_timer_get_due_in(&mail->grace)))
        return;
    uv_timer_start(&mail->grace, on_grace_over, wait, 0);
    if (mail->stopping)
        return;
    mail->stopped = stopped;
    mail->stopped_ctx = ctx;
    pthread_mutex_lock(&mail->lock);
    mail->stopping = true;
    return_waiting(mail);
    pthread_cond_broadcast(&mail->work);
    pthread_mutex_unlock(&mail->lock);
    uv_async_send(&mail->woken); /* also when there are no workers to say so */
}

static void copy_smtp(struct rp_mail *mail, const struct rp_config *config)
{
    const struct rp_smtp *from = &config->smtp;
    struct rp_arena *arena = &mail->arena;

    mail->smtp = *from;
    mail->smtp.url = rp_arena_str(arena, from->url);
    mail->smtp.from = rp_arena_str(arena, from->from);
    mail->smtp.user = rp_arena_str(arena, from->user);
    mail->smtp.password = rp_arena_str(arena, from->password);
    mail->smtp.domains = RP_ARENA_ARRAY(arena, struct rp_smtp_domain, from->domain_count);
    for (size_t i = 0; i < from->domain_count; i++)
        mail->smtp.domains[i] = (struct rp_smtp_domain){
            rp_arena_str(arena, from->domains[i].domain), from->domains[i].per_minute};
    rp_mail_pace_init(&mail->pace, &mail->smtp);
}

static int start_workers(struct rp_mail *mail, struct rp_err *err)
{
    size_t wanted = mail->smtp.url.len > 0 ? mail->smtp.parallel : 0;

    mail->workers = rp_calloc(wanted + 1, sizeof(*mail->workers));
    for (size_t i = 0; i < wanted; i++) {
        struct worker *worker = &mail->workers[i];
        int failed;

        worker->mail = mail;
        worker->client = rp_smtp_new(&mail->smtp, &mail->cancel);
        pthread_mutex_lock(&mail->lock);
        failed = pthread_create(&worker->thread, NULL, worker_main, worker);
        mail->running += !failed;
        pthread_mutex_unlock(&mail->lock);
        if (failed) {
            rp_smtp_free(worker->client);
            return rp_err_set(err, RIPEN_EIO, "no thread could be started: %s", strerror(failed));
        }
        mail->worker_count++;
    }
    return 0;
}

int rp_mail_new(uv_loop_t *loop, const struct rp_mail_options *options, struct rp_mail **ret_mail,
                struct rp_err *err)
{
    struct rp_mail *mail = rp_calloc(1, sizeof(*mail));
    pthread_condattr_t monotonic;
    int status;

    mail->magic = MAIL_MAGIC;
    mail->clock = options->clock;
    mail->mailed = options->mailed;
    mail->ctx = options->ctx;
    mail->last = &mail->first;
    mail->ended_last = &mail->ended;
    rp_arena_init(&mail->arena);
    pthread_mutex_init(&mail->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&mail->work, &monotonic);
    pthread_condattr_destroy(&monotonic);
    copy_smtp(mail, options->config);
    mail->sender = options->sender;
    mail->sender.from = mail->smtp.from;
    uv_async_init(loop, &mail->woken, on_woken);
    uv_timer_init(loop, &mail->grace);
    mail->woken.data = mail->grace.data = mail;
    mail->open_handles = 2;
    status = start_workers(mail, err);
    if (status != 0) { /* the loop's next turns free it */
        rp_mail_stop(mail, 0, NULL, NULL);
        return status;
    }
    *ret_mail = mail;
    return 0;
}
