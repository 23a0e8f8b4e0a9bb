/* SPDX-License-Identifier: MIT */
/* Adds a request's row and looks at it until it is answered. Knows whether a server is there by the
 * lock that it holds on the file. */
#include "cli/ask_server.h"

#include "base/json_read.h"
#include "base/when.h"

#include <unistd.h>

enum { LOOK_US = 50 * 1000, WAIT_MS = 30 * 1000 };

bool rp_server_runs(const char *db_path)
{
    struct rp_store *store = NULL;
    int status;

    if (access(db_path, F_OK) != 0) {
        return false;
    }
    status = rp_store_open(db_path, RP_STORE_SERVE, &store, NULL);
    rp_store_close(store);
    return status == RIPEN_EBUSY;
}

static int add(struct rp_store *store, const struct rp_request_row *request, int64_t *ret_id,
               struct rp_err *err)
{
    int status = rp_store_begin(store, err);

    if (status != 0) {
        return status;
    }
    status = rp_request_add(store, request, ret_id, err);
    if (status == 0) {
        status = rp_store_commit(store, err);
    }
    if (status != 0) {
        rp_store_rollback(store);
    }
    return status;
}

int rp_server_ask(struct rp_arena *arena, const char *db_path, const struct rp_request_row *request,
                  struct rp_request_row *ret_answer, struct rp_err *err)
{
    struct rp_store *store = NULL;
    int64_t id;
    int status = rp_store_open(db_path, RP_STORE_WRITE, &store, err);

    if (status == 0) {
        status = add(store, request, &id, err);
    }
    for (int waited_ms = 0; status == 0; waited_ms += LOOK_US / 1000) {
        status = rp_request_get(arena, store, id, ret_answer, err);
        if (status != 0 || ret_answer->answered) {
            break;
        }
        if (waited_ms >= WAIT_MS) {
            status = rp_err_set(err, RIPEN_ENOTFOUND,
                                "the server on %s did not answer within %d seconds; does it run, "
                                "and is it as new as this program?",
                                db_path, WAIT_MS / 1000);
        }
        (void)usleep(LOOK_US);
    }
    rp_store_close(store);
    return status;
}

struct rp_str rp_answer_member(struct rp_arena *arena, struct rp_str object, const char *key)
{
    struct rp_str raw = RP_STR("");
    struct rp_json json;
    struct rp_json value;

    rp_json_init(&json, arena, object);
    if (rp_json_next(&json) != RP_JSON_OBJECT) {
        return raw;
    }
    while (rp_json_next(&json) == RP_JSON_KEY) {
        bool found = rp_str_is(json.string, key);

        if (rp_json_skip(&json, &raw) == RP_JSON_ERROR) {
            break;
        }
        if (found) {
            rp_json_init(&value, arena, raw);
            return rp_json_next(&value) == RP_JSON_STRING ? value.string : raw;
        }
    }
    return RP_STR("");
}

struct rp_str rp_answer_element(struct rp_arena *arena, struct rp_str array, size_t nth)
{
    struct rp_json json;
    struct rp_str raw = RP_STR("");

    rp_json_init(&json, arena, array);
    if (rp_json_next(&json) != RP_JSON_ARRAY) {
        return RP_STR("");
    }
    for (size_t i = 0; i <= nth; i++) {
        enum rp_json_token token = rp_json_skip(&json, &raw);

        if (token <= RP_JSON_END || token == RP_JSON_ARRAY_END) {
            return RP_STR("");
        }
    }
    return raw;
}
