/* SPDX-License-Identifier: MIT */
/* The doors that links of e-mails lead to: /e/o/ a picture, /e/c/ and /e/t/ a page elsewhere, /e/u/
 * an unsubscription. Their signature is all the right that they need, and nobody is sent to an
 * address that was not signed. A picture and a page are answered at once, whatever becomes of the
 * event; an unsubscription when it is on disk.
 *
 * A GET never unsubscribes: mail gateways follow every link. It shows a page with a button; a POST,
 * of that button or of a mail program's one-click (RFC 8058), does it. */
#include "base/html.h"
#include "base/limits.h"
#include "base/text.h"
#include "core/hits.h"
#include "ingest/ingest_priv.h"
#include "ingest/track_robot.h"
#include "net/answer.h"

#define HTML "text/html; charset=utf-8"
/* What the pages look like; the policy below names the SHA-256 of this text. */
#define STYLE                                                                                      \
    "body{font:18px/1.5 system-ui,sans-serif;max-width:26rem;margin:12vh auto;padding:0 1rem;"     \
    "color-scheme:light dark}h1{font-size:1.5rem}"                                                 \
    "button{font:inherit;width:100%;padding:.7rem;border:1px solid;border-radius:6px;cursor:"      \
    "pointer}"
#define POLICY                                                                                     \
    "default-src 'none'; style-src 'sha256-GjtdocUjFLlIqPLKtrMw5atZrlCV0qLUnYYrWqC8ZwE='; "        \
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
#define HEAD                                                                                       \
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "            \
    "content=\"width=device-width\"><title>E-mails</title><style>" STYLE "</style>"
#define GONE                                                                                       \
    HEAD "<p>This link is not complete or not valid any more. Open it from the e-mail "            \
         "again.</p></html>\n"
#define WELL     HEAD "<p>Done. You will get no more of these e-mails.</p></html>\n"
#define TEXT_MAX 256

static void guard(struct rp_http_request *request)
{
    rp_http_reply_header(request, "Cache-Control", RP_STR("no-store"));
    rp_http_reply_header(request, "Referrer-Policy", RP_STR("no-referrer"));
    rp_http_reply_header(request, "X-Robots-Tag", RP_STR("noindex, nofollow"));
    rp_http_reply_header(request, "X-Content-Type-Options", RP_STR("nosniff"));
    rp_http_reply_header(request, "Content-Security-Policy", RP_STR(POLICY));
}

static void page(struct rp_http_request *request, int status, struct rp_str html)
{
    guard(request);
    rp_http_reply(request, status, HTML, html);
}

/* ---- Events ---------------------------------------------------------------------------------- */

static void on_stored(struct rp_batch *batch)
{
    struct rp_ingest *ingest = batch->owner;

    ingest->pending--;
    rp_ingest_drop(ingest, batch);
}

/* A batch of one item, which the core makes an event of. */
static struct rp_batch *hit_batch(struct rp_ingest *ingest, const struct rp_http_request *request,
                                  const struct rp_link *link, struct rp_str about)
{
    struct rp_batch *batch = rp_ingest_batch(ingest);
    struct rp_hit *hit = RP_ARENA_NEW(&batch->arena, struct rp_hit);
    struct rp_str agent = rp_http_header(request, "User-Agent");

    if (agent.len > TEXT_MAX)
        agent.len = TEXT_MAX;
    *hit = (struct rp_hit){
        .link = {link->kind, rp_arena_str(&batch->arena, link->lead),
                 rp_arena_str(&batch->arena, link->action), rp_arena_str(&batch->arena, about)},
        .received_ms = rp_clock_now(&ingest->clock),
        .user_agent = rp_utf8_valid(agent) ? rp_arena_str(&batch->arena, agent) : RP_STR(""),
        .address = rp_arena_str(&batch->arena, rp_ingest_sender(request)),
        .robot = rp_track_is_robot(request),
    };
    batch->items = RP_ARENA_ARRAY(&batch->arena, struct rp_item, 1);
    batch->items[0].hit = hit;
    batch->item_count = 1;
    return batch;
}

/* Nobody waits for it. */
static void store_hit(struct rp_ingest *ingest, const struct rp_http_request *request,
                      const struct rp_link *link)
{
    char address[64];
    struct rp_str who =
        rp_arena_printf(request->arena, "mail %.*s",
                        RP_STR_ARG(rp_rate_sender(rp_ingest_sender(request), address)));
    struct rp_batch *batch;

    if (rp_rate_take(&ingest->rate, who, RP_HITS_PER_MINUTE, rp_clock_now(&ingest->clock)) > 0)
        return;
    batch = hit_batch(ingest, request, link, link->about);
    batch->owner = ingest;
    batch->done = on_stored;
    if (rp_queue_push(ingest->queue, batch))
        ingest->pending++;
    else
        rp_ingest_drop(ingest, batch);
}

/* ---- The doors ------------------------------------------------------------------------------- */

static void show_picture(struct rp_http_request *request)
{
    guard(request);
    rp_http_reply(request, 200, "image/gif", rp_pixel_gif());
}

static void send_on(struct rp_http_request *request, struct rp_str url)
{
    guard(request);
    rp_http_reply_header(request, "Location", url);
    rp_http_reply(request, 302, NULL, RP_STR(""));
}

static bool is_for_all(const struct rp_link *link)
{
    return link->about.len == 0 || rp_str_is(link->about, "all");
}

/* Buttons that post to this very address. */
static void ask(struct rp_ingest *ingest, struct rp_http_request *request,
                const struct rp_link *link)
{
    struct rp_buf *out = &ingest->out;

    rp_buf_reset(out);
    rp_buf_text(out, HEAD "<h1>Unsubscribe</h1><p>Which e-mails do you not want any more?</p>"
                          "<form method=\"post\">");
    if (!is_for_all(link)) {
        rp_buf_text(out, "<p><button name=\"confirm\" value=\"1\">No more of this kind (");
        rp_html_escape(out, link->about);
        rp_buf_text(out, ")</button></p>");
    }
    rp_buf_text(out,
                "<p><button name=\"all\" value=\"1\">No more e-mails at all</button></p></form>"
                "</html>\n");
    page(request, 200, rp_buf_view(out));
}

static void unsubscribe(struct rp_ingest *ingest, struct rp_http_request *request,
                        const struct rp_link *link)
{
    bool all = is_for_all(link) ||
               (request->body.len > 0 && memmem(request->body.ptr, request->body.len, "all=1", 5));
    struct rp_str about = all ? RP_STR("all") : link->about;

    rp_ingest_enqueue(ingest, request, hit_batch(ingest, request, link, about),
                      RP_REPLY_UNSUBSCRIBED, NULL);
}

void rp_track_answer(struct rp_http_request *request)
{
    page(request, 200, RP_STR(WELL)); /* also to somebody who was forgotten since then */
}

bool rp_track_take(struct rp_ingest *ingest, struct rp_http_request *request)
{
    bool get = request->method == RP_GET || request->method == RP_HEAD;
    struct rp_link link;

    if (!rp_str_starts(request->path, RP_STR("/e/")) || !ingest->link_secret)
        return false;
    ingest->stats.requests++;
    if (!rp_link_read(request->arena, ingest->link_secret, request->path, &link)) {
        page(request, 404, RP_STR(GONE));
        return true;
    }
    if (link.kind == RP_LINK_UNSUBSCRIBE && request->method == RP_POST) {
        unsubscribe(ingest, request, &link);
    } else if (!get) {
        rp_http_not_allowed(request,
                            link.kind == RP_LINK_UNSUBSCRIBE ? "GET, HEAD, POST" : "GET, HEAD");
    } else if (link.kind == RP_LINK_UNSUBSCRIBE) {
        ask(ingest, request, &link);
    } else {
        store_hit(ingest, request, &link);
        if (link.kind == RP_LINK_OPEN)
            show_picture(request);
        else if (link.kind == RP_LINK_CLICK)
            send_on(request, link.about);
        else
            page(request, 200, RP_STR(HEAD "</html>\n"));
    }
    return true;
}
