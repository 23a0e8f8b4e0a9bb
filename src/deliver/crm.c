/* SPDX-License-Identifier: MIT */
/* The flow of one row into a CRM: see the header for the states. What may be written of it is
 * crm_fields.c's, each CRM's addresses and forms are in its own file. Must not know sockets or the
 * store. Invariants: a flow ends after RP_CRM_STEPS_MAX requests; no text that is told holds a
 * token. */
#include "deliver/crm.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/when.h"
#include "deliver/crm_priv.h"

#include <stdlib.h>
#include <string.h>

#define LIMIT_PAUSE_MS (10 * RP_SECOND)
#define WORDS_MAX      300

static const struct rp_crm_ways *ways_of(enum rp_preset preset)
{
    switch (preset) {
    case RP_PRESET_HUBSPOT:
        return &rp_crm_hubspot;
    case RP_PRESET_SALESFORCE:
        return &rp_crm_salesforce;
    case RP_PRESET_PIPEDRIVE:
        return &rp_crm_pipedrive;
    case RP_PRESET_REST:
        return &rp_crm_rest;
    case RP_PRESET_NONE:
        break;
    }
    return NULL;
}

const char *rp_preset_name(enum rp_preset preset)
{
    const struct rp_crm_ways *ways = ways_of(preset);

    return ways ? ways->name : "webhook";
}

uint32_t rp_crm_rate(enum rp_preset preset)
{
    const struct rp_crm_ways *ways = ways_of(preset);

    return ways ? ways->rate : 0;
}

struct rp_str rp_crm_url(enum rp_preset preset)
{
    const struct rp_crm_ways *ways = ways_of(preset);

    return rp_str_from(ways ? ways->url : "");
}

/* ---- Texts ----------------------------------------------------------------------------------- */

static enum rp_crm_verdict end(struct rp_crm_flow *flow, enum rp_crm_verdict verdict,
                               struct rp_buf *text)
{
    flow->text = rp_arena_str(&flow->arena, rp_buf_view(text));
    rp_buf_fini(text);
    return verdict;
}

static enum rp_crm_verdict dead(struct rp_crm_flow *flow, const char *why)
{
    struct rp_buf text = {0};

    rp_buf_text(&text, why);
    return end(flow, RP_CRM_DEAD, &text);
}

static bool holds(struct rp_str text, struct rp_str secret)
{
    return secret.len > 0 && memmem(text.ptr, text.len, secret.ptr, secret.len) != NULL;
}

/* What the CRM says, on one line, bounded, without what might be a secret of ours. */
static void put_words(const struct rp_crm_flow *flow, struct rp_buf *out, struct rp_str words)
{
    size_t shown = words.len;

    if (words.len == 0)
        return;
    rp_buf_text(out, ": ");
    if (holds(words, flow->token) || holds(words, flow->target->client_secret)) {
        rp_buf_text(out, "(its answer repeats the token and is not shown)");
        return;
    }
    if (shown > WORDS_MAX) {
        shown = WORDS_MAX;
        while (shown > 0 && ((unsigned char)words.ptr[shown] & 0xc0) == 0x80)
            shown--; /* no half a character at the cut */
    }
    for (size_t i = 0; i < shown; i++) {
        unsigned char c = (unsigned char)words.ptr[i];

        rp_buf_char(out, c < 0x20 || c == 0x7f ? ' ' : (char)c);
    }
    if (words.len > shown)
        rp_buf_text(out, " …");
}

/* ---- Beginning ------------------------------------------------------------------------------- */

/* The value to match by: the lead's e-mail, or one of the fields. */
static enum rp_crm_verdict read_match(struct rp_crm_flow *flow)
{
    struct rp_buf text = {0};

    if (flow->match.len == 0 || rp_str_is(flow->match, "email")) {
        flow->match = rp_str_from(flow->ways->email);
        flow->value = rp_crm_scalar(&flow->arena, rp_crm_member(&flow->arena, flow->body, "email"));
    } else {
        for (uint32_t i = 0; i < flow->field_count; i++) {
            if (rp_str_eq(flow->fields[i].name, flow->match))
                flow->value = flow->fields[i].text;
        }
    }
    if (rp_str_trim(flow->value).len > 0)
        return RP_CRM_ASK;
    rp_buf_printf(&text, "the lead has no %.*s to find its record by", RP_STR_ARG(flow->match));
    return end(flow, RP_CRM_DEAD, &text);
}

/* Asks for the record; the first request of all may have to be a login. */
static enum rp_crm_verdict find(struct rp_crm_flow *flow)
{
    if (flow->token.len == 0 && flow->target->client_id.len > 0 && !flow->logged_in) {
        struct rp_buf body = {0}, url = {0};

        flow->step = RP_CRM_LOGIN;
        flow->login_tried = true;
        rp_buf_printf(&url, "%.*s/services/oauth2/token", RP_STR_ARG(flow->target->url));
        rp_buf_printf(&body, "grant_type=client_credentials&client_id=%.*s&client_secret=%.*s",
                      RP_STR_ARG(rp_crm_escape(&flow->arena, flow->target->client_id)),
                      RP_STR_ARG(rp_crm_escape(&flow->arena, flow->target->client_secret)));
        rp_crm_ask_body(flow, "POST", rp_buf_view(&url), &body);
        flow->request.content_type = "application/x-www-form-urlencoded";
        flow->request.writes = false;
        rp_buf_fini(&url);
        return RP_CRM_ASK;
    }
    flow->step = RP_CRM_FIND;
    flow->ways->find(flow);
    return RP_CRM_ASK;
}

/* The header with the token, for each request but a login. */
static enum rp_crm_verdict sign(struct rp_crm_flow *flow, enum rp_crm_verdict verdict)
{
    const struct rp_crm_target *target = flow->target;

    if (verdict != RP_CRM_ASK)
        return verdict;
    if (++flow->steps > RP_CRM_STEPS_MAX)
        return dead(flow, "the CRM's answers lead in a circle; look at the record there");
    if (flow->step == RP_CRM_LOGIN || flow->token.len == 0)
        return verdict;
    if (target->preset == RP_PRESET_PIPEDRIVE)
        flow->request.auth =
            rp_arena_printf(&flow->arena, "x-api-token: %.*s", RP_STR_ARG(flow->token));
    else if (target->header.len > 0)
        flow->request.auth = rp_arena_printf(&flow->arena, "%.*s: %.*s", RP_STR_ARG(target->header),
                                             RP_STR_ARG(flow->token));
    else
        flow->request.auth =
            rp_arena_printf(&flow->arena, "Authorization: Bearer %.*s", RP_STR_ARG(flow->token));
    return verdict;
}

struct rp_crm_flow *rp_crm_new(const struct rp_crm_target *target, struct rp_str body,
                               struct rp_str memory, struct rp_str token)
{
    struct rp_crm_flow *flow = rp_calloc(1, sizeof(*flow));

    rp_arena_init(&flow->arena);
    *flow = (struct rp_crm_flow){.arena = flow->arena,
                                 .target = target,
                                 .ways = ways_of(target->preset),
                                 .body = body,
                                 .memory = memory,
                                 .text = RP_STR(""),
                                 .new_memory = RP_STR(""),
                                 .new_token = RP_STR("")};
    flow->token = rp_arena_str(&flow->arena, target->token.len > 0 ? target->token : token);
    return flow;
}

void rp_crm_free(struct rp_crm_flow *flow)
{
    if (!flow)
        return;
    rp_arena_fini(&flow->arena);
    free(flow);
}

enum rp_crm_verdict rp_crm_begin(struct rp_crm_flow *flow)
{
    struct rp_arena *arena = &flow->arena;
    struct rp_str object = rp_crm_scalar(arena, rp_crm_member(arena, flow->body, "object"));
    struct rp_str kept;
    struct rp_buf text = {0};
    enum rp_crm_verdict verdict;

    if (!flow->ways)
        return dead(flow, "the endpoint is no CRM: give it a preset in ripen.lua");
    flow->object = flow->ways->object(object);
    if (!flow->object.ptr) {
        rp_buf_printf(&text, "object \"%.*s\" cannot be written in %s", RP_STR_ARG(object),
                      flow->ways->name);
        return end(flow, RP_CRM_DEAD, &text);
    }
    kept = rp_crm_member_str(arena, flow->memory, flow->object);
    flow->match = rp_crm_scalar(arena, rp_crm_member(arena, flow->body, "match"));
    flow->create = !rp_str_is(rp_crm_member(arena, flow->body, "create"), "false");
    rp_crm_read_fields(flow, rp_crm_member(arena, flow->body, "fields"),
                       rp_crm_member(arena, flow->body, "owned"),
                       rp_crm_member(arena, kept, "fields"));
    flow->id = rp_crm_scalar(arena, rp_crm_member(arena, kept, "id"));
    flow->id_remembered = flow->id.len > 0;
    verdict = read_match(flow);
    if (verdict == RP_CRM_ASK)
        verdict = find(flow);
    return sign(flow, verdict);
}

static enum rp_crm_verdict delivered(struct rp_crm_flow *flow, const char *what)
{
    struct rp_buf text = {0};

    rp_buf_printf(&text, "%s %.*s %.*s", what, RP_STR_ARG(flow->object), RP_STR_ARG(flow->id));
    rp_crm_list_fields(flow, &text, false, ": wrote ");
    rp_crm_list_fields(flow, &text, true, "; left alone, since a person edited it: ");
    return end(flow, RP_CRM_DELIVERED, &text);
}

/* ---- Steps ----------------------------------------------------------------------------------- */

static enum rp_crm_verdict create(struct rp_crm_flow *flow)
{
    struct rp_buf text = {0};

    if (!flow->create) {
        rp_buf_printf(&text, "the CRM has no record with this %.*s, and create = false",
                      RP_STR_ARG(flow->match));
        return end(flow, RP_CRM_DELIVERED, &text);
    }
    for (uint32_t i = 0; i < flow->field_count; i++) {
        flow->fields[i].write = true;
        flow->fields[i].left = false;
    }
    flow->step = RP_CRM_CREATE;
    flow->ways->create(flow);
    return RP_CRM_ASK;
}

static enum rp_crm_verdict update(struct rp_crm_flow *flow)
{
    if (rp_crm_choose_fields(flow) == 0) {
        rp_crm_remember(flow, false);
        return delivered(flow, "nothing to change in");
    }
    flow->step = RP_CRM_UPDATE;
    flow->ways->update(flow);
    return RP_CRM_ASK;
}

static enum rp_crm_verdict after_find(struct rp_crm_flow *flow, int http_status, struct rp_str body)
{
    struct rp_buf text = {0};

    switch (flow->ways->found(flow, http_status, body)) {
    case RP_CRM_NONE:
        if (!flow->id_remembered)
            return create(flow);
        /* It was deleted or merged there; another may have the same e-mail. */
        flow->id_remembered = false;
        flow->id = RP_STR("");
        return find(flow);
    case RP_CRM_ONE:
        return update(flow);
    case RP_CRM_HALF:
        flow->step = RP_CRM_READ;
        flow->ways->read(flow);
        return RP_CRM_ASK;
    case RP_CRM_ASIDE:
        return RP_CRM_DELIVERED;
    case RP_CRM_MANY:
        return RP_CRM_DEAD;
    case RP_CRM_UNKNOWN:
        break;
    }
    rp_buf_printf(&text, "%s answered %d with what is no answer of it", flow->ways->name,
                  http_status);
    put_words(flow, &text, body);
    return end(flow, RP_CRM_RETRY, &text);
}

static enum rp_crm_verdict after_login(struct rp_crm_flow *flow, struct rp_str body)
{
    struct rp_str token =
        rp_crm_scalar(&flow->arena, rp_crm_member(&flow->arena, body, "access_token"));

    if (token.len == 0) { /* somebody else answers there, for every row */
        struct rp_buf text = {0};

        rp_buf_printf(&text,
                      "the login of %s gave no access_token — is the url of endpoint \"%.*s\" in "
                      "ripen.lua its own?",
                      flow->ways->name, RP_STR_ARG(flow->target->name));
        return end(flow, RP_CRM_REFUSED, &text);
    }
    flow->new_token = flow->token = rp_arena_str(&flow->arena, token);
    flow->logged_in = true;
    return find(flow);
}

static enum rp_crm_verdict after_create(struct rp_crm_flow *flow, struct rp_str body)
{
    struct rp_str id = flow->ways->created(flow, body);

    flow->id = id.ptr ? id : RP_STR("");
    rp_crm_remember(flow, true);
    return delivered(flow, "created");
}

static enum rp_crm_verdict good(struct rp_crm_flow *flow, int http_status, struct rp_str body)
{
    switch (flow->step) {
    case RP_CRM_LOGIN:
        return after_login(flow, body);
    case RP_CRM_FIND:
    case RP_CRM_READ:
        return after_find(flow, http_status, body);
    case RP_CRM_CREATE:
        return after_create(flow, body);
    case RP_CRM_UPDATE:
        rp_crm_remember(flow, false);
        return delivered(flow, "updated");
    }
    RP_UNREACHABLE();
}

/* ---- Errors ---------------------------------------------------------------------------------- */

/* By the status alone; a CRM's own codes may know better. */
static enum rp_crm_verdict by_status(int http_status)
{
    if (http_status == 429)
        return RP_CRM_LIMITED;
    if (http_status == 401 || http_status == 403)
        return RP_CRM_REFUSED;
    if (http_status == 0 || http_status >= 500 || http_status == 408 || http_status == 423 ||
        http_status == 425)
        return RP_CRM_RETRY;
    return RP_CRM_DEAD;
}

static enum rp_crm_verdict bad(struct rp_crm_flow *flow, int http_status, int64_t retry_after_ms,
                               struct rp_str body)
{
    struct rp_str words = body;
    enum rp_crm_verdict verdict = by_status(http_status), own = RP_CRM_ASK;
    struct rp_buf text = {0};

    if (http_status == 0) {
        rp_buf_printf(&text, "%s did not answer", flow->ways->name);
    } else {
        own = flow->ways->error(flow, http_status, body, &words);
        verdict = own == RP_CRM_ASK ? verdict : own;
        if (flow->step == RP_CRM_LOGIN && verdict == RP_CRM_DEAD)
            verdict = RP_CRM_REFUSED; /* 400 invalid_client: the configuration, not the row */
        rp_buf_printf(&text, "%s answered %d", flow->ways->name, http_status);
    }
    put_words(flow, &text, words);
    if (verdict == RP_CRM_REFUSED)
        rp_buf_printf(&text, " — correct token and rights of endpoint \"%.*s\" in ripen.lua",
                      RP_STR_ARG(flow->target->name));
    if (verdict == RP_CRM_LIMITED) {
        if (flow->pause_ms == 0)
            flow->pause_ms = LIMIT_PAUSE_MS;
        if (retry_after_ms > 0) /* 0 would ask again at once, and be refused at once */
            flow->pause_ms =
                retry_after_ms < RP_RETRY_STEP_MAX_MS ? retry_after_ms : RP_RETRY_STEP_MAX_MS;
    }
    return end(flow, verdict, &text);
}

/* Errors that say where to go on. True: *ret_verdict is the next step. */
static bool goes_on(struct rp_crm_flow *flow, int http_status, struct rp_str body,
                    enum rp_crm_verdict *ret_verdict)
{
    if ((flow->step == RP_CRM_FIND || flow->step == RP_CRM_READ) && http_status == 404) {
        *ret_verdict = after_find(flow, http_status, body);
        return true;
    }
    if (http_status == 401 && flow->step != RP_CRM_LOGIN && flow->target->client_id.len > 0 &&
        !flow->login_tried) { /* the token of an earlier login has run out */
        flow->token = RP_STR("");
        *ret_verdict = find(flow);
        return true;
    }
    if (!flow->again && ((flow->step == RP_CRM_CREATE && http_status == 409) ||
                         (flow->step == RP_CRM_UPDATE && http_status == 404))) {
        struct rp_str id = http_status == 409 && flow->ways->existing
                               ? flow->ways->existing(flow, body)
                               : (struct rp_str){0};

        flow->again = true; /* made, or gone, between reading and writing */
        flow->id = id.ptr ? id : RP_STR("");
        flow->id_remembered = id.ptr != NULL;
        *ret_verdict = find(flow);
        return true;
    }
    return false;
}

enum rp_crm_verdict rp_crm_answer(struct rp_crm_flow *flow, int http_status, int64_t retry_after_ms,
                                  struct rp_str body)
{
    enum rp_crm_verdict verdict;

    body = rp_arena_str(&flow->arena, body);
    if (http_status >= 200 && http_status < 300)
        verdict = good(flow, http_status, body);
    else if (!goes_on(flow, http_status, body, &verdict))
        verdict = bad(flow, http_status, retry_after_ms, body);
    return sign(flow, verdict);
}

const struct rp_crm_request *rp_crm_request(const struct rp_crm_flow *flow)
{
    return &flow->request;
}

struct rp_str rp_crm_text(const struct rp_crm_flow *flow)
{
    return flow->text;
}

int64_t rp_crm_pause_ms(const struct rp_crm_flow *flow)
{
    return flow->pause_ms;
}

struct rp_str rp_crm_memory(const struct rp_crm_flow *flow)
{
    return flow->new_memory;
}

struct rp_str rp_crm_token(const struct rp_crm_flow *flow)
{
    return flow->new_token;
}
