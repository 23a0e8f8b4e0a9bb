/* SPDX-License-Identifier: MIT */
/* Who may send events. A key is looked for where SDKs put it, in a fixed order; the first one given
 * decides, so that a wrong key is never saved by another one. */
#include "ingest/ingest_priv.h"
#include "net/answer.h"

/* X-Write-Key is "id:secret"; with our keys it is one of the two, or the whole. */
static const struct rp_key_row *match_pair(const struct rp_auth *auth, struct rp_str pair)
{
    const struct rp_key_row *row = rp_key_match(auth->keys, auth->key_count, pair);
    const char *colon = pair.len ? memchr(pair.ptr, ':', pair.len) : NULL;

    if (row || !colon)
        return row;
    struct rp_str id = {pair.ptr, (size_t)(colon - pair.ptr)};
    struct rp_str secret = {colon + 1, pair.len - id.len - 1};
    row = rp_key_match(auth->keys, auth->key_count, secret);
    return row ? row : rp_key_match(auth->keys, auth->key_count, id);
}

static struct rp_caller refused(int status, const char *code, const char *message, bool seen)
{
    return (struct rp_caller){.status = status, .code = code, .message = message, .seen = seen};
}

static struct rp_caller judge(const struct rp_key_row *row)
{
    if (!row)
        return refused(401, "unknown_key",
                       "the write key is not known here, or it was revoked: see \"ripen key list\"",
                       true);
    if (row->scope == RP_SCOPE_READ || row->scope == RP_SCOPE_NONE)
        return refused(403, "key_scope",
                       "this key may not send events: make one with \"ripen key create --scope "
                       "ingest\"",
                       true);
    return (struct rp_caller){
        .known = true,
        .seen = true,
        .is_public = row->is_public,
        .trusted = row->scope == RP_SCOPE_ADMIN && !row->is_public,
    };
}

struct rp_caller rp_ingest_caller(const struct rp_ingest *ingest,
                                  const struct rp_http_request *request, unsigned doors,
                                  struct rp_str body_key)
{
    const struct rp_auth *auth = &ingest->auth;
    struct rp_str key;

    if (auth->open) {
        if (auth->any_host || rp_http_host_loopback(request))
            return (struct rp_caller){.known = true, .seen = true};
        return refused(
            403, "host",
            "no key was made yet, so only requests to localhost are taken: make one with "
            "\"ripen key create\"",
            true);
    }
    key = rp_http_basic_user(request);
    if (key.len > 0)
        return judge(rp_key_match(auth->keys, auth->key_count, key));
    key = rp_http_header(request, "X-Write-Key");
    if (key.len > 0)
        return judge(match_pair(auth, key));
    if (doors & RP_DOOR_QUERY) {
        key = rp_http_query(request, "writeKey");
        if (key.len > 0)
            return judge(rp_key_match(auth->keys, auth->key_count, key));
    }
    if (body_key.len > 0)
        return judge(rp_key_match(auth->keys, auth->key_count, body_key));
    key = rp_http_bearer(request); /* with a write key in the body it may be anything */
    if (key.len > 0)
        return judge(rp_key_match(auth->keys, auth->key_count, key));
    return refused(
        401, "no_key",
        "give the write key as Basic user name, as X-Write-Key, or as writeKey in the body", false);
}
