/* SPDX-License-Identifier: MIT */
/* Addresses are compared in lower case, by a keyed digest: the list says nothing about those who
 * were forgotten to whoever reads the file without knowing whom to ask for. */
#include "store/suppressions.h"

#include "base/hash.h"
#include "model/email.h"
#include "store/store_priv.h"

#define DIGEST_BYTES 27

static const char sql_add[] =
    "INSERT INTO suppression_rows (digest, address, reason, source, at_ms) "
    "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (digest) DO UPDATE SET address = excluded.address";
static const char sql_get[] = "SELECT reason FROM suppression_rows WHERE digest = ?1";
static const char sql_remove[] = "DELETE FROM suppression_rows WHERE digest = ?1";
static const char sql_forget[] = "UPDATE suppression_rows SET address = '' WHERE digest = ?1";
static const char sql_forget_audit[] =
    "DELETE FROM audit_rows WHERE lower(subject) = lower(?1) AND verb LIKE 'suppress.%'";
static const char sql_list[] =
    "SELECT address, digest, reason, source, at_ms FROM suppression_rows "
    "ORDER BY at_ms DESC, digest LIMIT ?1";
static const char sql_mails[] = "SELECT count(*) FROM outbox AS o WHERE o.lead IN " RP_SQL_LEADS
                                " AND o.kind = 4 AND o.state IN (0, 1, 2) AND o.created_ms > ?2";

static const char *const names[RP_SUPPRESSIONS] = {
    [RP_SUPPRESSED_BOUNCE] = "bounce",
    [RP_SUPPRESSED_COMPLAINT] = "complaint",
    [RP_SUPPRESSED_UNSUBSCRIBE_ALL] = "unsubscribe_all",
    [RP_SUPPRESSED_MANUAL] = "manual",
    [RP_SUPPRESSED_IMPORT] = "import",
};

const char *rp_suppression_name(enum rp_suppression reason)
{
    RP_ASSERT((size_t)reason < RP_SUPPRESSIONS);
    return names[reason];
}

bool rp_suppression_parse(struct rp_str text, enum rp_suppression *ret_reason)
{
    for (size_t i = 0; i < RP_SUPPRESSIONS; i++) {
        if (rp_str_is(text, names[i])) {
            *ret_reason = (enum rp_suppression)i;
            return true;
        }
    }
    return false;
}

/* False: it is no address. */
static bool digest_of(const struct rp_store *store, struct rp_str address, char out[DIGEST_BYTES])
{
    struct rp_mailbox mailbox;
    struct rp_digest *digest;
    char lower[320];

    if (!rp_mailbox_parse(address, &mailbox) || mailbox.address.len > sizeof(lower))
        return false;
    for (size_t i = 0; i < mailbox.address.len; i++) {
        char c = mailbox.address.ptr[i];

        lower[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    digest = rp_digest_new(rp_store_secret(store), 16);
    rp_digest_part(digest, RP_STR("suppressed"));
    rp_digest_part(digest, (struct rp_str){lower, mailbox.address.len});
    rp_digest_end(digest, out);
    return true;
}

int rp_suppression_add(struct rp_store *store, const struct rp_suppression_row *row,
                       struct rp_err *err)
{
    struct rp_mailbox mailbox;
    char digest[DIGEST_BYTES];
    sqlite3_stmt *stmt;

    rp_store_writing(store);
    if (!digest_of(store, row->address, digest) || !rp_mailbox_parse(row->address, &mailbox))
        return rp_err_set(err, RIPEN_EINPUT,
                          "\"%.*s\" is no e-mail address; write one like ana@acme.test",
                          RP_STR_ARG(row->address));
    int status = rp_sql_get(store, RP_SQL_SUPPRESSION_ADD, sql_add, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_text(stmt, 1, rp_str_from(digest));
    rp_bind_text(stmt, 2, mailbox.address);
    rp_bind_text(stmt, 3, rp_str_from(rp_suppression_name(row->reason)));
    rp_bind_text(stmt, 4, row->source);
    rp_bind_int(stmt, 5, row->at_ms);
    return rp_sql_run(store, stmt, "suppressing an address", err);
}

int rp_suppression_find(struct rp_store *store, struct rp_str address,
                        enum rp_suppression *ret_reason, struct rp_err *err)
{
    char digest[DIGEST_BYTES];
    sqlite3_stmt *stmt;

    if (!digest_of(store, address, digest))
        return 0;
    int status = rp_sql_get(store, RP_SQL_SUPPRESSION_GET, sql_get, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_text(stmt, 1, rp_str_from(digest));
    status = rp_sql_step(store, stmt, "reading the suppression list", err);
    if (status == 1) {
        *ret_reason = RP_SUPPRESSED_MANUAL;
        (void)rp_suppression_parse(rp_str_from((const char *)sqlite3_column_text(stmt, 0)),
                                   ret_reason);
        sqlite3_reset(stmt);
    }
    return status;
}

static int change(struct rp_store *store, enum rp_sql which, const char *sql, struct rp_str address,
                  struct rp_err *err)
{
    char digest[DIGEST_BYTES];
    sqlite3_stmt *stmt;

    rp_store_writing(store);
    if (!digest_of(store, address, digest))
        return 0;
    int status = rp_sql_get(store, which, sql, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_text(stmt, 1, rp_str_from(digest));
    status = rp_sql_run(store, stmt, "writing the suppression list", err);
    return status < 0 ? status : sqlite3_changes(store->db);
}

int rp_suppression_remove(struct rp_store *store, struct rp_str address, struct rp_err *err)
{
    int count = change(store, RP_SQL_SUPPRESSION_REMOVE, sql_remove, address, err);

    if (count == 0)
        return rp_err_set(err, RIPEN_ENOTFOUND, "\"%.*s\" is not on the suppression list",
                          RP_STR_ARG(address));
    return count < 0 ? count : 0;
}

int rp_suppression_forget(struct rp_store *store, struct rp_str address, struct rp_err *err)
{
    int status = change(store, RP_SQL_SUPPRESSION_FORGET, sql_forget, address, err);
    struct rp_mailbox mailbox;
    sqlite3_stmt *stmt;

    if (status < 0 || !rp_mailbox_parse(address, &mailbox))
        return status < 0 ? status : 0;
    status = rp_sql_get(store, RP_SQL_SUPPRESSION_FORGET_AUDIT, sql_forget_audit, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_text(stmt, 1, mailbox.address);
    return rp_sql_run(store, stmt, "forgetting an address", err);
}

int rp_suppression_list(struct rp_arena *arena, struct rp_store *store, size_t max,
                        struct rp_suppression_row **ret_rows, size_t *ret_count, struct rp_err *err)
{
    struct rp_suppression_row *rows = RP_ARENA_ARRAY(arena, struct rp_suppression_row, max);
    size_t count = 0;
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_SUPPRESSION_LIST, sql_list, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, (int64_t)max);
    while ((status = rp_sql_step(store, stmt, "reading the suppression list", err)) == 1) {
        struct rp_suppression_row *row = &rows[count++];

        *row = (struct rp_suppression_row){
            .address = rp_column_text(arena, stmt, 0),
            .digest = rp_column_text(arena, stmt, 1),
            .reason = RP_SUPPRESSED_MANUAL,
            .source = rp_column_text(arena, stmt, 3),
            .at_ms = sqlite3_column_int64(stmt, 4),
        };
        (void)rp_suppression_parse(rp_column_text(arena, stmt, 2), &row->reason);
    }
    *ret_rows = rows;
    *ret_count = count;
    return status;
}

int rp_mails_since(struct rp_store *store, int64_t lead, int64_t after_ms, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int count, status = rp_sql_get(store, RP_SQL_MAILS_SINCE, sql_mails, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    rp_bind_int(stmt, 2, after_ms);
    status = rp_sql_step(store, stmt, "counting e-mails", err);
    if (status < 0)
        return status;
    count = status == 1 ? sqlite3_column_int(stmt, 0) : 0;
    sqlite3_reset(stmt);
    return count;
}
