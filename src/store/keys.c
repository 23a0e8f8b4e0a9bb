/* SPDX-License-Identifier: MIT */
/* Keys. The text of a key is shown once and only its SHA-256 is kept; 256 random bits need no salt
 * and no slow hash. The prefix finds the row, the digest decides, compared in constant time. */
#include "store/keys.h"

#include "base/hash.h"
#include "store/audit.h"
#include "store/store_priv.h"

#include <stdio.h>

#include <sodium.h>

#define SECRET_LEN 32
#define KIND_LEN   7 /* "rpn_pk_" */
#define PREFIX_LEN 8

static const char *const scope_names[] = {
    [RP_SCOPE_NONE] = "none", [RP_SCOPE_INGEST] = "ingest", [RP_SCOPE_READ] = "read",
    [RP_SCOPE_EDIT] = "edit", [RP_SCOPE_ADMIN] = "admin",
};

static const char sql_add[] =
    "INSERT INTO key_rows (prefix, digest, scope, is_public, created_ms, label) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
static const char sql_revoke[] =
    "UPDATE key_rows SET revoked_ms = ?2 WHERE id = ?1 AND revoked_ms IS NULL";
static const char sql_get[] = "SELECT prefix FROM key_rows WHERE id = ?1";
static const char sql_list[] =
    "SELECT id, prefix, digest, scope, is_public, created_ms, revoked_ms, label FROM key_rows "
    "ORDER BY id";

const char *rp_scope_name(enum rp_scope scope)
{
    RP_ASSERT((size_t)scope < RP_COUNT(scope_names));
    return scope_names[scope];
}

bool rp_scope_parse(struct rp_str text, enum rp_scope *ret_scope)
{
    for (size_t i = RP_SCOPE_INGEST; i < RP_COUNT(scope_names); i++) {
        if (rp_str_is(text, scope_names[i])) {
            *ret_scope = (enum rp_scope)i;
            return true;
        }
    }
    return false;
}

static void digest_of(struct rp_str text, uint8_t out[32])
{
    crypto_hash_sha256(out, (const unsigned char *)(text.ptr ? text.ptr : ""), text.len);
}

static int record(struct rp_store *store, const char *verb, struct rp_str prefix,
                  struct rp_str detail, int64_t now_ms, struct rp_err *err)
{
    struct rp_audit_row row = {
        .at_ms = now_ms,
        .verb = rp_str_from(verb),
        .subject = prefix,
        .detail = detail,
    };

    return rp_audit_add(store, &row, err);
}

int rp_key_add(struct rp_store *store, enum rp_scope scope, bool is_public, struct rp_str label,
               int64_t now_ms, char ret_text[80], int64_t *ret_id, struct rp_err *err)
{
    uint8_t secret[SECRET_LEN], digest[32];
    char text[80];
    sqlite3_stmt *stmt;

    rp_store_writing(store);
    RP_ASSERT(scope > RP_SCOPE_NONE && scope <= RP_SCOPE_ADMIN);
    if (is_public && scope != RP_SCOPE_INGEST)
        return rp_err_set(err, RIPEN_EDENIED,
                          "a public key is for everybody to see: its scope must be ingest, not %s",
                          rp_scope_name(scope));
    int status = rp_sql_get(store, RP_SQL_KEY_ADD, sql_add, &stmt, err);
    if (status < 0)
        return status;
    rp_random(secret, sizeof(secret));
    snprintf(text, sizeof(text), "%s", is_public ? "rpn_pk_" : "rpn_sk_");
    sodium_bin2base64(text + KIND_LEN, sizeof(text) - KIND_LEN, secret, sizeof(secret),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    struct rp_str prefix = {text + KIND_LEN, PREFIX_LEN};
    digest_of(rp_str_from(text), digest);
    rp_bind_text(stmt, 1, prefix);
    rp_bind_blob(stmt, 2, digest, sizeof(digest));
    rp_bind_int(stmt, 3, scope);
    rp_bind_int(stmt, 4, is_public);
    rp_bind_int(stmt, 5, now_ms);
    rp_bind_text(stmt, 6, label);
    status = rp_sql_run(store, stmt, "making a key", err);
    if (status == 0) {
        *ret_id = sqlite3_last_insert_rowid(store->db);
        status =
            record(store, "key.create", prefix, rp_str_from(rp_scope_name(scope)), now_ms, err);
    }
    if (status == 0)
        memcpy(ret_text, text, sizeof(text));
    sodium_memzero(secret, sizeof(secret));
    sodium_memzero(text, sizeof(text));
    return status;
}

int rp_key_revoke(struct rp_store *store, int64_t id, int64_t now_ms, struct rp_err *err)
{
    char prefix[PREFIX_LEN + 1];
    sqlite3_stmt *stmt;

    rp_store_writing(store);
    int status = rp_sql_get(store, RP_SQL_KEY_GET, sql_get, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, id);
    status = rp_sql_step(store, stmt, "looking a key up", err);
    if (status < 0)
        return status;
    if (status == 0)
        return rp_err_set(err, RIPEN_ENOTFOUND, "there is no key %lld; `ripen key list` shows them",
                          (long long)id);
    snprintf(prefix, sizeof(prefix), "%.*s", RP_STR_ARG(rp_column_view(stmt, 0)));
    sqlite3_reset(stmt);
    status = rp_sql_get(store, RP_SQL_KEY_REVOKE, sql_revoke, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, id);
    rp_bind_int(stmt, 2, now_ms);
    status = rp_sql_run(store, stmt, "revoking a key", err);
    if (status < 0 || sqlite3_changes(store->db) == 0) /* revoked before: stays so */
        return status;
    return record(store, "key.revoke", rp_str_from(prefix), RP_STR(""), now_ms, err);
}

int rp_key_list(struct rp_arena *arena, struct rp_store *store, struct rp_key_row **ret_rows,
                size_t *ret_count, struct rp_err *err)
{
    struct rp_key_row *rows = NULL;
    size_t count = 0, cap = 0;
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_KEY_LIST, sql_list, &stmt, err);

    if (status < 0)
        return status;
    while ((status = rp_sql_step(store, stmt, "reading keys", err)) == 1) {
        if (count == cap) {
            struct rp_key_row *grown = RP_ARENA_ARRAY(arena, struct rp_key_row, 2 * cap + 8);
            if (count > 0)
                memcpy(grown, rows, count * sizeof(*rows));
            rows = grown;
            cap = 2 * cap + 8;
        }
        struct rp_key_row *row = &rows[count];
        struct rp_str digest = rp_column_view(stmt, 2);
        if (digest.len != sizeof(row->digest))
            continue; /* matches nothing */
        count++;
        row->id = sqlite3_column_int64(stmt, 0);
        row->prefix = rp_column_text(arena, stmt, 1);
        memcpy(row->digest, digest.ptr, sizeof(row->digest));
        row->scope = (enum rp_scope)sqlite3_column_int(stmt, 3);
        row->is_public = sqlite3_column_int(stmt, 4) != 0;
        row->created_ms = sqlite3_column_int64(stmt, 5);
        row->revoked_ms = rp_column_time(stmt, 6);
        row->label = rp_column_text(arena, stmt, 7);
    }
    if (status < 0)
        return status;
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}

const struct rp_key_row *rp_key_match(const struct rp_key_row *rows, size_t count,
                                      struct rp_str text)
{
    const struct rp_key_row *found = NULL;
    uint8_t digest[32];

    if (text.len < KIND_LEN + PREFIX_LEN)
        return NULL;
    struct rp_str prefix = {text.ptr + KIND_LEN, PREFIX_LEN};
    digest_of(text, digest);
    for (size_t i = 0; i < count; i++) {
        if (rp_str_eq(rows[i].prefix, prefix) && rows[i].revoked_ms == RP_NEVER &&
            sodium_memcmp(rows[i].digest, digest, sizeof(digest)) == 0)
            found = &rows[i];
    }
    return found;
}
