/* SPDX-License-Identifier: MIT */
/* The flow of one row into a CRM: see the header for the states. Knows what is wanted, what is
 * there and what was written before; each CRM's addresses and forms are in its own file. Must not
 * know sockets or the store. Invariants: a flow ends after RP_CRM_STEPS_MAX requests; a field that
 * a person changed is never in a request; no text that is told holds a token. */
#include "deliver/crm.h"

#include "base/json_read.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/when.h"
#include "deliver/crm_priv.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

/* ---- Values ---------------------------------------------------------------------------------- */

static struct rp_str trim(struct rp_str text)
{
    while (text.len > 0 && (unsigned char)text.ptr[0] <= ' ') {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && (unsigned char)text.ptr[text.len - 1] <= ' ')
        text.len--;
    return text;
}

/* CRMs write values in their own way: 55 as 55.0, true as TRUE, texts without spaces around. */
static bool same_value(struct rp_str a, struct rp_str b)
{
    double x, y;

    a = trim(a);
    b = trim(b);
    if (rp_str_eq(a, b))
        return true;
    if (a.len == b.len && (rp_str_is(a, "true") || rp_str_is(a, "false") || rp_str_is(b, "true") ||
                           rp_str_is(b, "false")))
        return strncasecmp(a.ptr, b.ptr, a.len) == 0;
    return rp_number_parse(a, &x) && rp_number_parse(b, &y) && x == y;
}

/* Which fields are to be written: those that are empty, that hold what Ripen wrote last, or that
 * are its own. */
static uint32_t choose_fields(struct rp_crm_flow *flow)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < flow->field_count; i++) {
        struct rp_crm_field *field = &flow->fields[i];
        bool same = same_value(field->current, field->text);
        bool free_to = field->owned || trim(field->current).len == 0 ||
                       (field->last.len > 0 && same_value(field->current, field->last));

        field->write = !same && free_to;
        field->left = !same && !free_to;
        count += field->write;
    }
    return count;
}

/* ---- The row's body -------------------------------------------------------------------------- */

static void read_fields(struct rp_crm_flow *flow, struct rp_str fields, struct rp_str owned,
                        struct rp_str last)
{
    struct rp_json json;
    struct rp_str raw;
    uint32_t cap = 0;

    rp_json_init(&json, &flow->arena, fields);
    if (rp_json_next(&json) != RP_JSON_OBJECT)
        return;
    while (rp_json_next(&json) == RP_JSON_KEY && rp_json_skip(&json, NULL) != RP_JSON_ERROR)
        cap++;
    flow->fields = RP_ARENA_ARRAY(&flow->arena, struct rp_crm_field, cap + 1);
    rp_json_init(&json, &flow->arena, fields);
    (void)rp_json_next(&json);
    while (flow->field_count < cap && rp_json_next(&json) == RP_JSON_KEY) {
        struct rp_crm_field *field = &flow->fields[flow->field_count];
        struct rp_str one;

        *field = (struct rp_crm_field){.name = rp_arena_str(&flow->arena, json.string)};
        if (rp_json_skip(&json, &raw) == RP_JSON_ERROR)
            return;
        field->wanted = raw;
        field->text = rp_crm_scalar(&flow->arena, raw);
        field->last =
            rp_crm_scalar(&flow->arena, rp_crm_member_str(&flow->arena, last, field->name));
        for (size_t n = 0; (one = rp_crm_element(&flow->arena, owned, n)).len > 0; n++)
            field->owned |= rp_str_eq(rp_crm_scalar(&flow->arena, one), field->name);
        /* What is not known would empty a field: it is not written. */
        flow->field_count += trim(field->text).len > 0;
    }
}

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
    if (trim(flow->value).len > 0)
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
    read_fields(flow, rp_crm_member(arena, flow->body, "fields"),
                rp_crm_member(arena, flow->body, "owned"), rp_crm_member(arena, kept, "fields"));
    flow->id = rp_crm_scalar(arena, rp_crm_member(arena, kept, "id"));
    flow->id_remembered = flow->id.len > 0;
    verdict = read_match(flow);
    if (verdict == RP_CRM_ASK)
        verdict = find(flow);
    return sign(flow, verdict);
}

/* ---- Memory and the good end ----------------------------------------------------------------- */

/* {"object":{"id":…,"fields":{name:what Ripen wrote last}}, other objects as they were}. What a
 * person edited keeps what Ripen wrote last, so that it stays theirs until it is emptied. */
static void remember(struct rp_crm_flow *flow, bool all)
{
    struct rp_str old = rp_crm_member_str(&flow->arena, flow->memory, flow->object);
    struct rp_str old_fields = rp_crm_member(&flow->arena, old, "fields");
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&out);
    struct rp_json json;
    struct rp_str raw;

    rp_jw_object(&jw);
    rp_json_init(&json, &flow->arena, flow->memory);
    if (flow->memory.len > 0 && rp_json_next(&json) == RP_JSON_OBJECT) {
        while (rp_json_next(&json) == RP_JSON_KEY) {
            struct rp_str key = rp_arena_str(&flow->arena, json.string);

            if (rp_json_skip(&json, &raw) == RP_JSON_ERROR)
                break;
            if (!rp_str_eq(key, flow->object)) {
                rp_jw_key_str(&jw, key);
                rp_jw_raw(&jw, raw);
            }
        }
    }
    rp_jw_key_str(&jw, flow->object);
    rp_jw_object(&jw);
    rp_jw_put_str(&jw, "id", flow->id);
    rp_jw_key(&jw, "fields");
    rp_jw_object(&jw);
    for (uint32_t i = 0; i < flow->field_count; i++) {
        const struct rp_crm_field *field = &flow->fields[i];
        bool ours = all || field->write || !field->left;

        if (ours || field->last.len > 0) {
            rp_jw_key_str(&jw, field->name);
            rp_jw_str(&jw, ours ? field->text : field->last);
        }
    }
    rp_json_init(&json, &flow->arena, old_fields);
    if (old_fields.len > 0 && rp_json_next(&json) == RP_JSON_OBJECT) {
        while (rp_json_next(&json) == RP_JSON_KEY) {
            struct rp_str key = rp_arena_str(&flow->arena, json.string);
            bool again = false;

            if (rp_json_skip(&json, &raw) == RP_JSON_ERROR)
                break;
            for (uint32_t i = 0; i < flow->field_count; i++)
                again |= rp_str_eq(key, flow->fields[i].name);
            if (!again) {
                rp_jw_key_str(&jw, key);
                rp_jw_raw(&jw, raw);
            }
        }
    }
    rp_jw_object_end(&jw);
    rp_jw_object_end(&jw);
    rp_jw_object_end(&jw);
    flow->new_memory = rp_arena_str(&flow->arena, rp_buf_view(&out));
    rp_buf_fini(&out);
}

static void list_fields(const struct rp_crm_flow *flow, struct rp_buf *out, bool left,
                        const char *before)
{
    const char *between = before;

    for (uint32_t i = 0; i < flow->field_count; i++) {
        const struct rp_crm_field *field = &flow->fields[i];

        if (left ? field->left : field->write) {
            rp_buf_printf(out, "%s%.*s", between, RP_STR_ARG(field->name));
            between = ", ";
        }
    }
}

static enum rp_crm_verdict delivered(struct rp_crm_flow *flow, const char *what)
{
    struct rp_buf text = {0};

    rp_buf_printf(&text, "%s %.*s %.*s", what, RP_STR_ARG(flow->object), RP_STR_ARG(flow->id));
    list_fields(flow, &text, false, ": wrote ");
    list_fields(flow, &text, true, "; left alone, since a person edited it: ");
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
    if (choose_fields(flow) == 0) {
        remember(flow, false);
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

    if (token.len == 0)
        return dead(flow, "the CRM's login gave no access_token; is the url its own?");
    flow->new_token = flow->token = rp_arena_str(&flow->arena, token);
    flow->logged_in = true;
    return find(flow);
}

static enum rp_crm_verdict after_create(struct rp_crm_flow *flow, struct rp_str body)
{
    struct rp_str id = flow->ways->created(flow, body);

    flow->id = id.ptr ? id : RP_STR("");
    remember(flow, true);
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
        remember(flow, false);
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
