/* SPDX-License-Identifier: MIT */
/* Reading for people: lists of leads and who a text means. A list walks the states in the order of
 * their numbers, page after page, and never sorts: sorting by a score is the reader's work, since
 * the score of this moment is known only after decay. */
#include "store/reports.h"

#include "store/identities.h"
#include "store/store_priv.h"

#include <ctype.h>

#define COLUMNS                                                                                    \
    "s.lead, l.public_id, s.stage, s.total, s.grade, s.stage_since_ms, s.created_ms, "             \
    "s.updated_ms, s.scored_ms, s.generation, s.scores, s.profile, s.status"
#define FROM_LEADS                                                                                 \
    " FROM lead_states AS s CROSS JOIN lead_rows AS l ON l.id = s.lead "                           \
    "WHERE s.lead > ?1 AND l.merged_into IS NULL AND (?3 = 0 OR s.stage = ?3) "                    \
    "ORDER BY s.lead LIMIT ?2"

static const char sql_plain[] = "SELECT " COLUMNS ", ''" FROM_LEADS;
static const char sql_cells[] = "SELECT " COLUMNS ", s.cells" FROM_LEADS;

int rp_lead_find(struct rp_store *store, struct rp_str text, int64_t *ret_lead, struct rp_err *err)
{
    static const enum rp_node_kind kinds[] = {RP_NODE_EMAIL, RP_NODE_USER, RP_NODE_ANONYMOUS};
    struct rp_identity identity;
    int status = rp_lead_by_public_id(store, text, ret_lead, err);

    for (size_t i = 0; i < RP_COUNT(kinds) && status == RIPEN_ENOTFOUND; i++) {
        struct rp_str value = text;
        char folded[320];
        if (kinds[i] == RP_NODE_EMAIL && text.len <= sizeof(folded)) {
            for (size_t k = 0; k < text.len; k++)
                folded[k] = (char)tolower((unsigned char)text.ptr[k]);
            value = (struct rp_str){folded, text.len};
        }
        status = rp_identity_find(store, kinds[i], value, &identity, err);
        if (status == 0)
            *ret_lead = identity.lead;
    }
    if (status == RIPEN_ENOTFOUND)
        return rp_err_set(err, status,
                          "nobody is known as %.*s; a lead is named by its e-mail, userId, "
                          "anonymousId or lead id",
                          RP_STR_ARG(text));
    return status;
}

static void read_row(struct rp_arena *arena, struct rp_store *store, sqlite3_stmt *stmt,
                     struct rp_lead_row *row)
{
    *row = (struct rp_lead_row){
        .lead = sqlite3_column_int64(stmt, 0),
        .public_id = rp_column_text(arena, stmt, 1),
        .summary =
            {
                .stage = rp_store_name(store, sqlite3_column_int64(stmt, 2)),
                .status = rp_store_name(store, sqlite3_column_int64(stmt, 12)),
                .total = sqlite3_column_int64(stmt, 3),
                .grade = rp_column_text(arena, stmt, 4),
                .scored_ms = sqlite3_column_int64(stmt, 8),
                .scores = rp_column_text(arena, stmt, 10),
                .profile = rp_column_text(arena, stmt, 11),
            },
        .stage_since_ms = rp_column_time(stmt, 5),
        .created_ms = sqlite3_column_int64(stmt, 6),
        .updated_ms = sqlite3_column_int64(stmt, 7),
        .generation = (uint32_t)sqlite3_column_int64(stmt, 9),
        .cells = rp_column_text(arena, stmt, 13),
    };
}

int rp_lead_list(struct rp_arena *arena, struct rp_store *store,
                 const struct rp_lead_filter *filter, size_t max, struct rp_lead_row **ret_rows,
                 size_t *ret_count, struct rp_err *err)
{
    int64_t stage = rp_store_name_find(store, filter->stage);
    struct rp_lead_row *rows = RP_ARENA_ARRAY(arena, struct rp_lead_row, max);
    size_t count = 0;
    sqlite3_stmt *stmt;

    *ret_rows = rows;
    *ret_count = 0;
    if (filter->stage.len > 0 && stage == 0) /* nobody was ever in a stage of this name */
        return 0;
    int status = filter->cells ? rp_sql_get(store, RP_SQL_LEADS_CELLS, sql_cells, &stmt, err)
                               : rp_sql_get(store, RP_SQL_LEADS_PLAIN, sql_plain, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, filter->after);
    rp_bind_int(stmt, 2, (int64_t)max);
    rp_bind_int(stmt, 3, stage);
    while ((status = rp_sql_step(store, stmt, "listing leads", err)) == 1)
        read_row(arena, store, stmt, &rows[count++]);
    if (status < 0)
        return status;
    *ret_count = count;
    return 0;
}
