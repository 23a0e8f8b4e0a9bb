/* SPDX-License-Identifier: MIT */
/* The settings that browsers' SDKs ask for before they send. Segment's analytics.js wants to know
 * its destinations and takes the host to send to from them; Rudder's wants a source that is
 * enabled. Both are told that this host is the only destination and that nothing is to be reported
 * to their makers. The host is the one that was asked, so that it works behind any name. */
#include "base/json_write.h"
#include "ingest/ingest_priv.h"
#include "net/answer.h"

static const char *protocol_of(const struct rp_http_request *request)
{
    return rp_str_is(rp_http_header(request, "X-Forwarded-Proto"), "https") ? "https" : "http";
}

/* {"__default":{"enabled":true,"integrations":{}}} */
static void put_default_plan(struct rp_jw *jw, const char *type)
{
    rp_jw_key(jw, type);
    rp_jw_object(jw);
    rp_jw_key(jw, "__default");
    rp_jw_object(jw);
    rp_jw_put_bool(jw, "enabled", true);
    rp_jw_key(jw, "integrations");
    rp_jw_object(jw);
    rp_jw_object_end(jw);
    rp_jw_object_end(jw);
    rp_jw_object_end(jw);
}

static void put_empty(struct rp_jw *jw, const char *key, bool array)
{
    rp_jw_key(jw, key);
    if (array) {
        rp_jw_array(jw);
        rp_jw_array_end(jw);
    } else {
        rp_jw_object(jw);
        rp_jw_object_end(jw);
    }
}

static void reply_json(struct rp_http_request *request, struct rp_buf *out)
{
    rp_ingest_cors(request);
    rp_http_reply_header(request, "Cache-Control", RP_STR("no-store"));
    rp_http_reply(request, 200, "application/json", rp_buf_view(out));
    rp_buf_fini(out);
}

void rp_ingest_segment_settings(struct rp_http_request *request, struct rp_str key)
{
    struct rp_str host = rp_http_header(request, "Host");
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&out);

    rp_jw_object(&jw);
    rp_jw_key(&jw, "integrations");
    rp_jw_object(&jw);
    rp_jw_key(&jw, "Segment.io");
    rp_jw_object(&jw);
    rp_jw_put_str(&jw, "apiKey", key);
    rp_jw_put_str(&jw, "apiHost", rp_arena_printf(request->arena, "%.*s/v1", RP_STR_ARG(host)));
    rp_jw_put_text(&jw, "protocol", protocol_of(request));
    rp_jw_put_bool(&jw, "addBundledMetadata", true);
    put_empty(&jw, "unbundledIntegrations", true);
    put_empty(&jw, "maybeBundledConfigIds", false);
    rp_jw_object_end(&jw);
    rp_jw_object_end(&jw);
    rp_jw_key(&jw, "plan");
    rp_jw_object(&jw);
    put_default_plan(&jw, "track");
    put_default_plan(&jw, "identify");
    put_default_plan(&jw, "group");
    rp_jw_object_end(&jw);
    put_empty(&jw, "edgeFunction", false);
    put_empty(&jw, "middlewareSettings", false);
    put_empty(&jw, "enabledMiddleware", false);
    put_empty(&jw, "remotePlugins", true);
    rp_jw_put_bool(&jw, "analyticsNextEnabled", true);
    rp_jw_put_bool(&jw, "legacyVideoPluginsEnabled", false);
    rp_jw_key(&jw, "metrics");
    rp_jw_object(&jw);
    rp_jw_put_int(&jw, "sampleRate", 0);
    rp_jw_object_end(&jw);
    rp_jw_object_end(&jw);
    reply_json(request, &out);
}

static void put_disabled(struct rp_jw *jw, const char *key)
{
    rp_jw_key(jw, key);
    rp_jw_object(jw);
    rp_jw_put_bool(jw, "enabled", false);
    rp_jw_object_end(jw);
}

static void put_data_plane(struct rp_jw *jw, struct rp_http_request *request)
{
    struct rp_str host = rp_http_header(request, "Host");

    rp_jw_key(jw, "dataplanes");
    rp_jw_object(jw);
    rp_jw_key(jw, "US"); /* the SDK's default region */
    rp_jw_array(jw);
    rp_jw_object(jw);
    rp_jw_put_str(
        jw, "url",
        rp_arena_printf(request->arena, "%s://%.*s", protocol_of(request), RP_STR_ARG(host)));
    rp_jw_put_bool(jw, "default", true);
    rp_jw_object_end(jw);
    rp_jw_array_end(jw);
    rp_jw_object_end(jw);
}

void rp_ingest_rudder_settings(struct rp_http_request *request, struct rp_str key)
{
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&out);

    rp_jw_object(&jw);
    rp_jw_key(&jw, "source");
    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "id", "ripen");
    rp_jw_put_text(&jw, "name", "Ripen");
    rp_jw_put_text(&jw, "workspaceId", "ripen");
    rp_jw_put_str(&jw, "writeKey", key);
    rp_jw_put_bool(&jw, "enabled", true);
    rp_jw_key(&jw, "config");
    rp_jw_object(&jw);
    rp_jw_key(&jw, "statsCollection");
    rp_jw_object(&jw);
    put_disabled(&jw, "errors");
    put_disabled(&jw, "metrics");
    rp_jw_object_end(&jw);
    rp_jw_object_end(&jw);
    put_empty(&jw, "destinations", true);
    put_data_plane(&jw, request);
    rp_jw_object_end(&jw);
    rp_jw_object_end(&jw);
    reply_json(request, &out);
}
