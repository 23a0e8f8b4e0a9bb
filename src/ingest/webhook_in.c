/* SPDX-License-Identifier: MIT */
/* POST /v1/webhook/<source>: what CRMs and form tools tell. The signature is the key; nothing is
 * read before it was found to be good. A request that comes again within five minutes, or later
 * where its sender signs no time, gives the same messageIds and therefore duplicates. */
#include "base/log.h"
#include "ingest/ingest_priv.h"
#include "ingest/webhook_mail.h"
#include "ingest/webhook_map.h"
#include "ingest/webhook_verify.h"

static const struct rp_source_door *find_source(const struct rp_doors *doors, struct rp_str name)
{
    for (size_t i = 0; i < doors->source_count; i++) {
        if (rp_str_eq(doors->sources[i].name, name))
            return &doors->sources[i];
    }
    return NULL;
}

static struct rp_str header(const struct rp_http_request *request, const char *name)
{
    return name ? rp_http_header(request, name) : RP_STR("");
}

static struct rp_hook make_hook(const struct rp_ingest *ingest,
                                const struct rp_http_request *request,
                                const struct rp_source_door *source)
{
    struct rp_hook_headers names = rp_hook_headers(source);
    struct rp_str target = request->path;

    if (request->query.len > 0)
        target = rp_arena_printf(request->arena, "%.*s?%.*s", RP_STR_ARG(request->path),
                                 RP_STR_ARG(request->query));
    return (struct rp_hook){.method = RP_STR("POST"),
                            .host = rp_http_header(request, "Host"),
                            .target = target,
                            .body = request->body,
                            .signature = header(request, names.signature),
                            .authorization = rp_http_header(request, "Authorization"),
                            .key = rp_http_query(request, "key"),
                            .timestamp = header(request, names.timestamp),
                            .id = header(request, names.id),
                            .now_ms = rp_clock_now(&ingest->clock)};
}

/* Amazon SNS sends nothing before its address was opened; that is for a person to do. */
static void tell_confirmation(const struct rp_http_request *request,
                              const struct rp_source_door *source)
{
    struct rp_str url = source->verify == RP_VERIFY_SES
                            ? rp_mail_confirmation(request->arena, request->body)
                            : RP_STR("");

    if (url.len > 0)
        rp_log(RP_LOG_WARN, "webhook",
               "source=\"%.*s\" todo=\"open this address once, so that Amazon SNS sends notices\" "
               "address=\"%.*s\"",
               RP_STR_ARG(source->name), RP_STR_ARG(url));
}

void rp_webhook_take(struct rp_ingest *ingest, struct rp_http_request *request, struct rp_str name)
{
    const struct rp_source_door *source = find_source(ingest->doors, name);
    struct rp_door_items items = {0};
    struct rp_batch *batch;
    struct rp_hook hook;
    const char *problem;
    struct rp_err err;

    if (!source) {
        rp_ingest_refuse(ingest, request, 404, "unknown_source",
                         "ripen.lua declares no source of this name");
        return;
    }
    hook = make_hook(ingest, request, source);
    problem = rp_hook_verify(request->arena, source, &hook);
    if (problem) {
        rp_ingest_refuse(ingest, request, 401, "bad_signature", problem);
        return;
    }
    tell_confirmation(request, source);
    batch = rp_ingest_batch(ingest);
    items.arena = &batch->arena;
    if (rp_webhook_map(source, hook.id, request->body, &items, &err) != 0) {
        rp_ingest_drop(ingest, batch);
        rp_ingest_refuse(ingest, request, 400, "bad_json", err.text);
        return;
    }
    struct rp_envelope envelope = {.received_ms = hook.now_ms,
                                   .sent_ms = RP_NEVER,
                                   .flags = source->activity ? 0 : RP_EVENT_CRM};
    rp_door_batch(batch, &items, &envelope);
    rp_ingest_enqueue(ingest, request, batch, RP_REPLY_VERDICTS, NULL);
}
