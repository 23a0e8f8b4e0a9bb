/* SPDX-License-Identifier: MIT */
/* The ingest routes, from the request to the queue and back. A request is parsed and judged for its
 * key on the loop thread, waits in the queue as a batch, and is answered when its group is
 * committed: an answer of 200 means that the events are on disk.
 *
 *   handle ──▶ key ──▶ JSON ──▶ queue ──writer──▶ drain ──▶ 200 with verdicts
 *      404/405   401/403  400      503                 └──▶ 503 when the commit failed
 *
 * Never a redirect: SDKs follow one as GET and lose the event. A batch and its request live until
 * the answer; the batch's texts borrow from the request's body. */
#include "ingest/segment.h"

#include "base/mem.h"
#include "ingest/ingest_priv.h"
#include "net/answer.h"

#include <stdlib.h>

#define SPARE_MAX       512
#define SPARE_ARENA_MAX ((size_t)64 * 1024)

enum route_kind { ROUTE_EVENTS, ROUTE_BEACON, ROUTE_PIXEL, ROUTE_SEGMENT_SET, ROUTE_RUDDER_SET };

struct route {
    struct rp_str name; /* behind the prefix */
    enum route_kind kind;
    bool typed;
    enum rp_event_type type;
};

static const struct route event_routes[] = {
    {{"track", 5}, ROUTE_EVENTS, true, RP_TRACK},
    {{"batch", 5}, ROUTE_EVENTS, false, RP_TRACK},
    {{"page", 4}, ROUTE_EVENTS, true, RP_PAGE},
    {{"identify", 8}, ROUTE_EVENTS, true, RP_IDENTIFY},
    {{"screen", 6}, ROUTE_EVENTS, true, RP_SCREEN},
    {{"group", 5}, ROUTE_EVENTS, true, RP_GROUP},
    {{"alias", 5}, ROUTE_EVENTS, true, RP_ALIAS},
    {{"t", 1}, ROUTE_EVENTS, true, RP_TRACK},
    {{"b", 1}, ROUTE_EVENTS, false, RP_TRACK},
    {{"p", 1}, ROUTE_EVENTS, true, RP_PAGE},
    {{"i", 1}, ROUTE_EVENTS, true, RP_IDENTIFY},
    {{"s", 1}, ROUTE_EVENTS, true, RP_SCREEN},
    {{"g", 1}, ROUTE_EVENTS, true, RP_GROUP},
    {{"a", 1}, ROUTE_EVENTS, true, RP_ALIAS},
};
static const struct route beacon_routes[] = {{{"batch", 5}, ROUTE_BEACON, false, RP_TRACK}};
static const struct route pixel_routes[] = {
    {{"track", 5}, ROUTE_PIXEL, true, RP_TRACK},
    {{"page", 4}, ROUTE_PIXEL, true, RP_PAGE},
};
static const struct route rudder_routes[] = {
    {{"", 0}, ROUTE_RUDDER_SET, false, RP_TRACK},
    {{"/", 1}, ROUTE_RUDDER_SET, false, RP_TRACK},
};
static const struct route project_route = {{"", 0}, ROUTE_SEGMENT_SET, false, RP_TRACK};

/* The longer prefix of two stands first. */
static const struct {
    struct rp_str prefix;
    const struct route *routes;
    size_t count;
} prefixes[] = {
    {{"/v1/", 4}, event_routes, RP_COUNT(event_routes)},
    {{"/api/s/s2s/", 11}, event_routes, RP_COUNT(event_routes)},
    {{"/api/s/", 7}, event_routes, RP_COUNT(event_routes)},
    {{"/beacon/v1/", 11}, beacon_routes, RP_COUNT(beacon_routes)},
    {{"/pixel/v1/", 10}, pixel_routes, RP_COUNT(pixel_routes)},
    {{"/sourceConfig", 13}, rudder_routes, RP_COUNT(rudder_routes)},
};

/* A request that waits for its commit; lives in the batch's arena. */
struct ticket {
    struct rp_ingest *ingest;
    struct rp_http_request *request;
    enum rp_reply_kind reply;
    const struct rp_form_reply *form;
};

static const struct rp_doors no_doors;

struct rp_ingest *rp_ingest_new(struct rp_queue *queue, struct rp_clock clock)
{
    struct rp_ingest *ingest = rp_calloc(1, sizeof(*ingest));

    ingest->queue = queue;
    ingest->clock = clock;
    ingest->doors = &no_doors;
    rp_rate_init(&ingest->rate);
    return ingest;
}

void rp_ingest_free(struct rp_ingest *ingest)
{
    if (!ingest)
        return;
    rp_ingest_drain(ingest); /* what was committed after a forced stop of the server */
    RP_ASSERT(ingest->pending == 0);
    while (ingest->spare) {
        struct rp_batch *batch = ingest->spare;
        ingest->spare = batch->next;
        rp_batch_free(batch);
    }
    rp_buf_fini(&ingest->out);
    rp_rate_fini(&ingest->rate);
    free(ingest);
}

void rp_ingest_auth_set(struct rp_ingest *ingest, const struct rp_auth *auth)
{
    ingest->auth = *auth;
}

void rp_ingest_doors_set(struct rp_ingest *ingest, const struct rp_doors *doors)
{
    ingest->doors = doors;
}

void rp_ingest_links_set(struct rp_ingest *ingest, const uint8_t *secret)
{
    ingest->link_secret = secret;
}

void rp_ingest_stats(const struct rp_ingest *ingest, struct rp_ingest_stats *ret_stats)
{
    *ret_stats = ingest->stats;
}

/* --- batches --- */

struct rp_batch *rp_ingest_batch(struct rp_ingest *ingest)
{
    struct rp_batch *batch = ingest->spare;

    if (!batch)
        return rp_batch_new();
    ingest->spare = batch->next;
    ingest->spare_count--;
    batch->next = NULL;
    return batch;
}

void rp_ingest_drop(struct rp_ingest *ingest, struct rp_batch *batch)
{
    if (ingest->spare_count == SPARE_MAX || batch->arena.used > SPARE_ARENA_MAX) {
        rp_batch_free(batch);
        return;
    }
    rp_batch_reset(batch);
    batch->next = ingest->spare;
    ingest->spare = batch;
    ingest->spare_count++;
}

/* --- answers --- */

void rp_ingest_refuse(struct rp_ingest *ingest, struct rp_http_request *request, int status,
                      const char *code, const char *message)
{
    if (status == 400)
        ingest->stats.bad_requests++;
    if (status == 401 || status == 403)
        ingest->stats.unauthorized++;
    if (status == 401) /* not Basic: a browser would ask its user for a password */
        rp_http_reply_header(request, "WWW-Authenticate", RP_STR("Bearer realm=\"ripen\""));
    if (status == 503) {
        ingest->stats.overloaded++;
        rp_http_reply_header(request, "Retry-After", RP_STR("1"));
    }
    rp_ingest_cors(request);
    rp_http_error(request, status, code, rp_str_from(message));
}

static void answer(struct rp_ingest *ingest, struct rp_http_request *request,
                   const struct rp_batch *batch, enum rp_reply_kind reply,
                   const struct rp_form_reply *form)
{
    if (batch->status != 0) {
        rp_ingest_refuse(ingest, request, 503, batch->status == RIPEN_EFULL ? "disk_full" : "store",
                         "the events could not be stored; send them again");
        return;
    }
    if (reply == RP_REPLY_FORM) {
        rp_form_answer(ingest, request, batch, form);
        return;
    }
    if (reply == RP_REPLY_UNSUBSCRIBED) {
        rp_track_answer(request);
        return;
    }
    rp_ingest_cors(request);
    if (reply == RP_REPLY_GIF) {
        rp_http_reply_header(request, "Cache-Control", RP_STR("no-store"));
        rp_http_reply(request, 200, "image/gif", rp_pixel_gif());
        return;
    }
    rp_buf_reset(&ingest->out);
    rp_batch_answer(batch, &ingest->out);
    rp_http_reply(request, 200, "application/json", rp_buf_view(&ingest->out));
}

static void on_done(struct rp_batch *batch)
{
    struct ticket *ticket = batch->owner;
    struct rp_ingest *ingest = ticket->ingest;

    answer(ingest, ticket->request, batch, ticket->reply, ticket->form);
    ingest->pending--;
    rp_ingest_drop(ingest, batch);
}

void rp_ingest_drain(struct rp_ingest *ingest)
{
    struct rp_batch *batch = rp_queue_finished(ingest->queue);

    while (batch) {
        struct rp_batch *next = batch->next;
        batch->done(batch);
        batch = next;
    }
}

/* --- events --- */

static struct rp_envelope make_envelope(const struct rp_ingest *ingest, const struct route *route,
                                        const struct rp_caller *caller)
{
    return (struct rp_envelope){
        .received_ms = rp_clock_now(&ingest->clock),
        .sent_ms = RP_NEVER,
        .type = route->type,
        .type_known = route->typed,
        .trust_received = caller->trusted,
        .public_key = caller->is_public,
        .flags = caller->is_public ? RP_EVENT_PUBLIC : 0,
    };
}

void rp_ingest_enqueue(struct rp_ingest *ingest, struct rp_http_request *request,
                       struct rp_batch *batch, enum rp_reply_kind reply,
                       const struct rp_form_reply *form)
{
    struct ticket *ticket = RP_ARENA_NEW(&batch->arena, struct ticket);

    if (batch->item_count == 0) { /* {"batch":[]}: nothing to store */
        answer(ingest, request, batch, reply, form);
        rp_ingest_drop(ingest, batch);
        return;
    }
    *ticket = (struct ticket){ingest, request, reply, form};
    batch->owner = ticket;
    batch->done = on_done;
    if (rp_queue_push(ingest->queue, batch)) {
        ingest->pending++;
        return;
    }
    rp_ingest_drop(ingest, batch);
    rp_ingest_refuse(ingest, request, 503, "overloaded",
                     "more events wait than fit; send them again");
}

static void take_events(struct rp_ingest *ingest, struct rp_http_request *request,
                        const struct route *route, struct rp_str body)
{
    unsigned key_doors = RP_DOOR_HEADER | (route->kind == ROUTE_EVENTS ? 0 : RP_DOOR_QUERY);
    struct rp_batch *batch = rp_ingest_batch(ingest);
    struct rp_request parsed;
    struct rp_err err;

    if (rp_request_parse(&batch->arena, body, &parsed, &err) != 0) {
        struct rp_caller caller = rp_ingest_caller(ingest, request, key_doors, RP_STR(""));
        rp_ingest_drop(ingest, batch);
        if (caller.seen && !caller.known)
            rp_ingest_refuse(ingest, request, caller.status, caller.code, caller.message);
        else
            rp_ingest_refuse(ingest, request, 400, "bad_json", err.text);
        return;
    }
    struct rp_caller caller = rp_ingest_caller(ingest, request, key_doors, parsed.write_key);
    if (!caller.known) {
        rp_ingest_drop(ingest, batch);
        rp_ingest_refuse(ingest, request, caller.status, caller.code, caller.message);
        return;
    }
    struct rp_envelope envelope = make_envelope(ingest, route, &caller);
    rp_batch_items(batch, &parsed, &envelope);
    rp_ingest_enqueue(ingest, request, batch,
                      route->kind == ROUTE_PIXEL ? RP_REPLY_GIF : RP_REPLY_VERDICTS, NULL);
}

static void take_pixel(struct rp_ingest *ingest, struct rp_http_request *request,
                       const struct route *route)
{
    struct rp_str json;
    struct rp_err err;

    if (request->method == RP_HEAD) { /* a look at the picture is no event */
        rp_ingest_cors(request);
        rp_http_reply(request, 200, "image/gif", rp_pixel_gif());
        return;
    }
    if (rp_pixel_event(request, &json, &err) != 0)
        rp_ingest_refuse(ingest, request, 400, "bad_query", err.text);
    else
        take_events(ingest, request, route, json);
}

/* --- settings --- */

static void give_settings(struct rp_ingest *ingest, struct rp_http_request *request,
                          const struct route *route, struct rp_str key)
{
    struct rp_caller caller = rp_ingest_caller(ingest, request, RP_DOOR_QUERY, key);

    if (!caller.known) {
        rp_ingest_refuse(ingest, request, caller.status, caller.code, caller.message);
    } else if (route->kind == ROUTE_SEGMENT_SET) {
        rp_ingest_segment_settings(request, key);
    } else {
        key = rp_http_query(request, "writeKey");
        if (key.len == 0)
            key = rp_http_basic_user(request);
        rp_ingest_rudder_settings(request, key);
    }
}

/* --- routing --- */

/* "/v1/projects/<key>/settings": the key. */
static bool is_settings_path(struct rp_str path, struct rp_str *ret_key)
{
    static const struct rp_str before = {"/v1/projects/", 13}, after = {"/settings", 9};

    if (!rp_str_starts(path, before) || !rp_str_ends(path, after) ||
        path.len <= before.len + after.len)
        return false;
    *ret_key = (struct rp_str){path.ptr + before.len, path.len - before.len - after.len};
    return memchr(ret_key->ptr, '/', ret_key->len) == NULL;
}

static const struct route *find_route(struct rp_str path, struct rp_str *ret_key)
{
    for (size_t d = 0; d < RP_COUNT(prefixes); d++) {
        if (!rp_str_starts(path, prefixes[d].prefix))
            continue;
        struct rp_str name = {path.ptr + prefixes[d].prefix.len, path.len - prefixes[d].prefix.len};
        for (size_t i = 0; i < prefixes[d].count; i++) {
            if (rp_str_eq(prefixes[d].routes[i].name, name))
                return &prefixes[d].routes[i];
        }
    }
    return is_settings_path(path, ret_key) ? &project_route : NULL;
}

bool rp_ingest_handle(struct rp_ingest *ingest, struct rp_http_request *request)
{
    struct rp_str key = RP_STR("");
    const struct route *route = find_route(request->path, &key);

    if (!route)
        return rp_track_take(ingest, request) || rp_ingest_door(ingest, request);
    bool posts = route->kind == ROUTE_EVENTS || route->kind == ROUTE_BEACON;
    const char *methods = posts ? "POST, OPTIONS" : "GET, HEAD, OPTIONS";
    ingest->stats.requests++;
    if (request->method == RP_OPTIONS) {
        rp_ingest_preflight(request, methods);
    } else if (posts ? request->method != RP_POST
                     : request->method != RP_GET && request->method != RP_HEAD) {
        rp_ingest_cors(request);
        rp_http_not_allowed(request, methods);
    } else if (posts) {
        take_events(ingest, request, route, request->body);
    } else if (route->kind == ROUTE_PIXEL) {
        take_pixel(ingest, request, route);
    } else {
        give_settings(ingest, request, route, key);
    }
    return true;
}
