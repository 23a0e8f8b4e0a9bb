/* SPDX-License-Identifier: MIT */
/* POST /v1/form/<name>: a form of a plain web page, without a script. A public door: what comes in
 * is believed as little as with a public key. A form that ripen.lua declares needs no key; others
 * need a write key (of which a field `writeKey` is one place) and, once any form is declared, are
 * not there. A robot that fills the honeypot hears the same as a person does.
 *
 *   rate ──▶ read ──▶ key ──▶ honeypot ──▶ queue ──▶ 303, a page, or JSON
 *    429     400/415   401/404    └──────────────────────▲ */
#include "ingest/door.h"
#include "ingest/form_read.h"
#include "ingest/ingest_priv.h"
#include "net/answer.h"

#include <inttypes.h>

struct rp_form_reply {
    struct rp_str target; /* "" when the browser stays */
    bool json;
};

static const char thanks[] =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Thank you</title>"
    "<p>Thank you. Your answer has arrived.</p></html>\n";

static bool wants_json(const struct rp_http_request *request)
{
    struct rp_str accept = rp_http_header(request, "Accept");

    return accept.len > 0 && memmem(accept.ptr, accept.len, "application/json", 16) &&
           !memmem(accept.ptr, accept.len, "text/html", 9);
}

struct rp_str rp_ingest_sender(const struct rp_http_request *request)
{
    struct rp_str peer = rp_http_peer(request), named;

    if (rp_http_peer_loopback(request)) {
        named = rp_http_header(request, "X-Forwarded-For");
        const char *comma = named.len ? memrchr(named.ptr, ',', named.len) : NULL;
        if (comma)
            named = (struct rp_str){comma + 1, (size_t)(named.ptr + named.len - comma - 1)};
        while (named.len > 0 && named.ptr[0] == ' ') {
            named.ptr++;
            named.len--;
        }
        peer = named.len > 0 ? named : peer;
    }
    return peer;
}

static struct rp_str sender(const struct rp_http_request *request, char out[64])
{
    return rp_rate_sender(rp_ingest_sender(request), out);
}

/* 0, or the milliseconds to wait. A form that nobody declared shares one count with all such. */
static int64_t wait_of(struct rp_ingest *ingest, const struct rp_http_request *request,
                       const struct rp_form_door *form, bool declared)
{
    char address[64];
    struct rp_str who =
        rp_arena_printf(request->arena, "%.*s %.*s", RP_STR_ARG(sender(request, address)),
                        RP_STR_ARG(declared ? form->name : RP_STR("")));

    return rp_rate_take(&ingest->rate, who, form->per_minute, rp_clock_now(&ingest->clock));
}

static void refuse_rate(struct rp_ingest *ingest, struct rp_http_request *request, int64_t wait_ms)
{
    struct rp_str seconds =
        rp_arena_printf(request->arena, "%" PRId64, (wait_ms + RP_SECOND - 1) / RP_SECOND);

    rp_http_reply_header(request, "Retry-After", seconds);
    rp_ingest_refuse(ingest, request, 429, "too_many_requests",
                     "this form was sent too often from your network; wait and send it again");
}

static bool find_form(const struct rp_doors *doors, struct rp_str name,
                      struct rp_form_door *ret_form)
{
    for (size_t i = 0; i < doors->form_count; i++) {
        if (rp_str_eq(doors->forms[i].name, name)) {
            *ret_form = doors->forms[i];
            return true;
        }
    }
    *ret_form = rp_form_door_default(name);
    return false;
}

void rp_form_answer(struct rp_ingest *ingest, struct rp_http_request *request,
                    const struct rp_batch *batch, const struct rp_form_reply *reply)
{
    if (batch->rejected > 0) {
        struct rp_str message = batch->items[0].message;
        enum rp_reject reject = batch->items[0].reject;
        char text[512];
        snprintf(text, sizeof(text), "%.*s",
                 RP_STR_ARG(message.len ? message : rp_str_from(rp_reject_text(reject))));
        rp_ingest_refuse(ingest, request, 400, rp_reject_code(reject), text);
        return;
    }
    rp_ingest_cors(request);
    if (reply->json) {
        rp_buf_reset(&ingest->out);
        rp_batch_answer(batch, &ingest->out);
        rp_http_reply(request, 200, "application/json", rp_buf_view(&ingest->out));
    } else if (reply->target.len > 0) {
        rp_http_reply_header(request, "Location", reply->target);
        rp_http_reply(request, 303, NULL, RP_STR(""));
    } else {
        rp_http_reply(request, 200, "text/html; charset=utf-8", RP_STR(thanks));
    }
}

static void submit(struct rp_ingest *ingest, struct rp_http_request *request,
                   const struct rp_form_door *form, const struct rp_form_fields *fields)
{
    struct rp_batch *batch = rp_ingest_batch(ingest);
    struct rp_form_reply *reply = RP_ARENA_NEW(&batch->arena, struct rp_form_reply);
    struct rp_form_origin origin = {.cookies = rp_http_header(request, "Cookie"),
                                    .referer = rp_http_header(request, "Referer"),
                                    .user_agent = rp_http_header(request, "User-Agent")};
    struct rp_door_items items = {.arena = &batch->arena};
    struct rp_envelope envelope = {.received_ms = rp_clock_now(&ingest->clock),
                                   .sent_ms = RP_NEVER,
                                   .public_key = true,
                                   .flags = RP_EVENT_PUBLIC};
    struct rp_str filled = RP_STR("");

    *reply = (struct rp_form_reply){rp_arena_str(&batch->arena, rp_form_target(form, fields)),
                                    wants_json(request)};
    for (size_t i = 0; i < fields->count && filled.len == 0; i++) {
        if (rp_str_eq(fields->list[i].name, form->honeypot))
            filled = fields->list[i].value;
    }
    if (filled.len > 0) { /* as if it had been taken */
        batch->accepted = 1;
        rp_form_answer(ingest, request, batch, reply);
        rp_ingest_drop(ingest, batch);
        return;
    }
    rp_door_add(&items)->json = rp_form_event(&batch->arena, form, fields, &origin);
    rp_door_batch(batch, &items, &envelope);
    rp_ingest_enqueue(ingest, request, batch, RP_REPLY_FORM, reply);
}

void rp_form_take(struct rp_ingest *ingest, struct rp_http_request *request, struct rp_str name)
{
    struct rp_form_door form;
    bool declared = find_form(ingest->doors, name, &form);
    struct rp_form_fields fields;
    struct rp_err err;
    int64_t wait_ms;
    int status;

    if (!declared && ingest->doors->form_count > 0) {
        rp_ingest_refuse(ingest, request, 404, "unknown_form",
                         "ripen.lua declares forms, and none of this name");
        return;
    }
    wait_ms = wait_of(ingest, request, &form, declared);
    if (wait_ms > 0) {
        refuse_rate(ingest, request, wait_ms);
        return;
    }
    status = rp_form_read(request->arena, rp_http_header(request, "Content-Type"), request->body,
                          &fields, &err);
    if (status != 0) {
        rp_ingest_refuse(ingest, request, status == RIPEN_ENOTFOUND ? 415 : 400, "bad_form",
                         err.text);
        return;
    }
    if (!declared || ingest->auth.open) {
        struct rp_caller caller = rp_ingest_caller(ingest, request, RP_DOOR_HEADER | RP_DOOR_QUERY,
                                                   rp_form_value(&fields, "writeKey"));
        if (!caller.known) {
            rp_ingest_refuse(ingest, request, caller.status, caller.code, caller.message);
            return;
        }
    }
    submit(ingest, request, &form, &fields);
}
