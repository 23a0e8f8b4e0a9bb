/* SPDX-License-Identifier: MIT */
/* Takes a bulk body apart and asks core/amend.h for each lead. */
#include "core/bulk.h"

#include "base/json_read.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "core/amend.h"
#include "core/core_priv.h"
#include "store/audit.h"

/* A bulk body taken apart. */
struct bulk {
    struct rp_str verb, of;
    struct rp_buf rest; /* the other members, without braces */
    struct rp_str leads[RP_BULK_PORTION_MAX];
    size_t count;
};

bool rp_bulk_knows(struct rp_str verb)
{
    static const char *const verbs[] = {"stage", "points", "assign", "suppress", "note"};

    for (size_t i = 0; i < RP_COUNT(verbs); i++) {
        if (rp_str_is(verb, verbs[i])) {
            return true;
        }
    }
    return false;
}

static int read_leads(struct rp_json *json, struct bulk *bulk, struct rp_err *err)
{
    if (rp_json_next(json) != RP_JSON_ARRAY) {
        return rp_err_set(err, RIPEN_EINPUT, "\"leads\" is a list of texts");
    }
    for (enum rp_json_token token; (token = rp_json_next(json)) != RP_JSON_ARRAY_END;) {
        if (token != RP_JSON_STRING) {
            return rp_err_set(err, RIPEN_EINPUT, "\"leads\" is a list of texts");
        }
        if (bulk->count == RP_BULK_PORTION_MAX) {
            return rp_err_set(err, RIPEN_EINPUT, "at most %d leads at a time; ask in portions",
                              RP_BULK_PORTION_MAX);
        }
        bulk->leads[bulk->count++] = json->string;
    }
    return 0;
}

static int read_bulk(struct rp_arena *arena, struct rp_str body, struct bulk *bulk,
                     struct rp_err *err)
{
    struct rp_json json;
    enum rp_json_token token;
    int status = 0;

    rp_json_init(&json, arena, body);
    if (rp_json_next(&json) != RP_JSON_OBJECT) {
        return rp_err_set(err, RIPEN_EINPUT, "a bulk decision is a JSON object");
    }
    while (status == 0 && (token = rp_json_next(&json)) == RP_JSON_KEY) {
        struct rp_str key = json.string;
        struct rp_str raw;

        if (rp_str_is(key, "leads")) {
            status = read_leads(&json, bulk, err);
        } else if (rp_str_is(key, "verb") || rp_str_is(key, "of")) {
            bool verb = rp_str_is(key, "verb");

            token = rp_json_next(&json);
            if (token != RP_JSON_STRING) {
                status = rp_err_set(err, RIPEN_EINPUT, "\"verb\" and \"of\" are texts");
            }
            verb ? (bulk->verb = json.string) : (bulk->of = json.string);
        } else if (rp_str_is(key, "lead")) {
            status = rp_err_set(err, RIPEN_EINPUT, "name all leads in \"leads\", none in \"lead\"");
        } else {
            struct rp_jw jw = rp_jw(&bulk->rest);

            token = rp_json_skip(&json, &raw);
            rp_buf_char(&bulk->rest, ',');
            rp_jw_str(&jw, key);
            rp_buf_char(&bulk->rest, ':');
            rp_buf_str(&bulk->rest, raw);
        }
        if (token == RP_JSON_ERROR) {
            break;
        }
    }
    if (status == 0 && token == RP_JSON_ERROR) {
        status = rp_err_set(err, RIPEN_EINPUT, "not JSON at byte %zu", json.at);
    }
    if (status == 0 && !rp_bulk_knows(bulk->verb)) {
        status =
            rp_err_set(err, RIPEN_EINPUT, "\"verb\" is stage, points, assign, suppress or note");
    }
    return status;
}

static int do_one(struct rp_core *core, const struct bulk *bulk, struct rp_str lead,
                  struct rp_str author, struct rp_err *err)
{
    struct rp_buf body = {0};
    struct rp_buf ignored = {0};
    struct rp_jw jw = rp_jw(&body);
    int status;

    rp_buf_text(&body, "{\"lead\":");
    rp_jw_str(&jw, lead);
    rp_buf_str(&body, rp_buf_view(&bulk->rest));
    rp_buf_char(&body, '}');
    status = rp_core_amend(core, bulk->verb, rp_buf_view(&body), author, &ignored, err);
    rp_buf_fini(&body);
    rp_buf_fini(&ignored);
    return status;
}

static int audit(struct rp_core *core, const struct bulk *bulk, size_t done, struct rp_str author,
                 struct rp_err *err)
{
    struct rp_arena arena;
    struct rp_audit_row row = {.at_ms = rp_clock_now(&core->clock), .actor = author};
    int status = rp_store_begin(core->store, err);

    if (status != 0) {
        return status;
    }
    rp_arena_init(&arena);
    row.verb = rp_arena_printf(&arena, "bulk.%.*s", RP_STR_ARG(bulk->verb));
    row.subject = bulk->of;
    row.detail = rp_arena_printf(&arena, "%zu of %zu leads", done, bulk->count);
    status = rp_audit_add(core->store, &row, err);
    status = status == 0 ? rp_store_commit(core->store, err) : status;
    if (status != 0) {
        rp_store_rollback(core->store);
    }
    rp_arena_fini(&arena);
    return status;
}

/* True when the lead alone is to blame. */
static bool is_its_own(int status)
{
    return status == RIPEN_EINPUT || status == RIPEN_ENOTFOUND || status == RIPEN_EDENIED;
}

static int do_all(struct rp_core *core, const struct bulk *bulk, struct rp_str author,
                  struct rp_buf *out, struct rp_err *err)
{
    struct rp_jw jw = rp_jw(out);
    size_t done = 0;
    int status = 0;

    rp_jw_object(&jw);
    rp_jw_key(&jw, "failed");
    rp_jw_array(&jw);
    for (size_t i = 0; i < bulk->count && status == 0; i++) {
        struct rp_err why = {0};

        status = do_one(core, bulk, bulk->leads[i], author, &why);
        done += status == 0;
        if (is_its_own(status)) {
            rp_jw_object(&jw);
            rp_jw_put_str(&jw, "lead", bulk->leads[i]);
            rp_jw_put_text(&jw, "reason", why.text);
            rp_jw_object_end(&jw);
            status = 0;
        } else if (status != 0) {
            *err = why;
        }
    }
    rp_jw_array_end(&jw);
    rp_jw_put_int(&jw, "done", (int64_t)done);
    rp_jw_object_end(&jw);
    return status == 0 ? audit(core, bulk, done, author, err) : status;
}

int rp_core_bulk(struct rp_core *core, struct rp_str body, struct rp_str author, struct rp_buf *out,
                 struct rp_err *err)
{
    struct bulk bulk = {.verb = RP_STR(""), .of = RP_STR("")};
    struct rp_arena arena;
    int status;

    rp_arena_init(&arena);
    status = read_bulk(&arena, body, &bulk, err);
    if (status == 0) {
        status = do_all(core, &bulk, author, out, err);
    }
    rp_buf_fini(&bulk.rest);
    rp_arena_fini(&arena);
    return status;
}
