/* SPDX-License-Identifier: MIT */
/* The list of leads: ranks all of them by what their states say (or their events, where a state is
 * missing or of other rules), keeps the best, and shows those exactly. States may lag by a second.
 */
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/csv_rows.h"
#include "core/reader_priv.h"
#include "model/owner.h"
#include "store/aside.h"
#include "store/reports.h"
#include "store/states.h"

#include <stdlib.h>

enum { LEADS_DEFAULT = 50, LEADS_MAX = 10000, PAGE = 1000, RECENT_MAX = 2000 };

struct ranked {
    int64_t lead, key;
};

/* The leads that qualify, thinned out to the best `limit` now and then. */
struct ranking {
    const struct rp_leads_query *query;
    const struct rp_cond *segment; /* NULL: all */
    struct rp_str owner;           /* folded; "": all */
    struct ranked *items;
    size_t count, cap, limit;
};

static int by_key(const void *a, const void *b)
{
    const struct ranked *x = a;
    const struct ranked *y = b;

    return x->key != y->key ? (x->key < y->key) - (x->key > y->key)
                            : (x->lead > y->lead) - (x->lead < y->lead);
}

static void thin_out(struct ranking *ranking)
{
    if (ranking->count > 1) {
        qsort(ranking->items, ranking->count, sizeof(*ranking->items), by_key);
    }
    ranking->count = ranking->count < ranking->limit ? ranking->count : ranking->limit;
}

static void add(struct ranking *ranking, const struct rp_lead *lead, int64_t id, int64_t score)
{
    struct rp_str sort = ranking->query->sort;
    int64_t key = rp_str_is(sort, "recent")    ? lead->updated_ms
                  : rp_str_is(sort, "created") ? lead->created_ms
                                               : score;

    if (ranking->count == ranking->cap) {
        ranking->items =
            rp_grow(ranking->items, &ranking->cap, ranking->count + 1, sizeof(*ranking->items));
    }
    ranking->items[ranking->count++] = (struct ranked){id, key};
    if (ranking->count > 2 * ranking->limit + PAGE) {
        thin_out(ranking);
    }
}

/* "attempting" of whatever stage, or "mql.attempting". */
static bool is_wanted(const struct rp_leads_query *query, struct rp_str stage, struct rp_str status)
{
    struct rp_str want = query->status;

    if (query->stage.len > 0 && !rp_str_eq(stage, query->stage)) {
        return false;
    }
    if (want.len > stage.len && rp_str_starts(want, stage) && want.ptr[stage.len] == '.') {
        want = (struct rp_str){want.ptr + stage.len + 1, want.len - stage.len - 1};
    }
    return want.len == 0 || rp_str_eq(status, want);
}

static bool owner_fits(const struct ranking *ranking, const struct rp_lead *lead,
                       struct rp_arena *arena)
{
    struct rp_owner owner;

    if (ranking->owner.len == 0) {
        return true;
    }
    rp_owner_get(lead, &owner);
    return rp_str_is(ranking->owner, "-")
               ? owner.name.len == 0
               : rp_str_eq(rp_text_fold(arena, rp_arena_str(arena, owner.name)), ranking->owner);
}

/* The lead's stage and status are set. */
static bool is_in(const struct ranking *ranking, struct rp_fold *fold, const struct rp_lead *lead)
{
    return owner_fits(ranking, lead, fold->arena) &&
           (!ranking->segment ||
            rp_lead_holds(fold, lead, ranking->segment, ranking->query->now_ms));
}

static int rank_by_events(struct rp_reader *reader, int64_t id, struct ranking *ranking,
                          struct rp_err *err)
{
    const struct rp_leads_query *query = ranking->query;
    struct rp_view view;
    int status = rp_view_open(reader, id, query->now_ms, &view, err);

    if (status != 0) {
        return status;
    }
    if (is_wanted(query, rp_view_stage(&view), rp_status_name(view.fold.rules, &view.lead)) &&
        is_in(ranking, &view.fold, &view.lead)) {
        add(ranking, &view.lead, id,
            rp_lead_score(&view.fold, &view.lead, 0, RP_NONE, query->now_ms));
    }
    rp_view_close(&view);
    return 0;
}

static int rank_by_state(struct rp_reader *reader, struct rp_fold *fold,
                         const struct rp_lead_row *row, struct ranking *ranking, struct rp_err *err)
{
    const struct rp_leads_query *query = ranking->query;
    struct rp_lead lead;
    int status;

    if (row->generation != reader->rules->number) {
        return rank_by_events(reader, row->lead, ranking, err);
    }
    rp_lead_init(&lead);
    lead.id = row->lead;
    status = rp_lead_cells_set(&lead, row->cells.ptr, row->cells.len);
    if (status == 0 && reader->recent.head_count <= RECENT_MAX &&
        rp_recent_concerns(&reader->recent, &lead)) {
        status = rank_by_events(reader, row->lead, ranking, err);
    } else if (status == 0 && is_wanted(query, row->summary.stage, row->summary.status)) {
        uint32_t stage = rp_rules_stage(reader->rules, row->summary.stage);

        lead.created_ms = row->created_ms;
        lead.updated_ms = row->updated_ms;
        lead.stage = stage == RP_NONE ? RP_STAGE_NONE : (uint16_t)stage;
        lead.status = rp_status_id(row->summary.status);
        lead.stage_since_ms = lead.status_since_ms = row->stage_since_ms;
        if (is_in(ranking, fold, &lead))
            add(ranking, &lead, row->lead, rp_lead_score(fold, &lead, 0, RP_NONE, query->now_ms));
    }
    rp_lead_fini(&lead);
    return status;
}

/* Leads in (after, until] that the page of states lacks are new: nothing of them was written yet.
 */
static int rank_new(struct rp_reader *reader, int64_t after, int64_t until,
                    const struct rp_lead_row *rows, size_t row_count, struct ranking *ranking,
                    struct rp_err *err)
{
    int64_t ids[PAGE];
    size_t at = 0;
    int got;

    while ((got = rp_state_ids(reader->store, after, ids, PAGE, err)) > 0) {
        for (int i = 0; i < got; i++) {
            int status = 0;

            if (ids[i] > until) {
                return 0;
            }
            while (at < row_count && rows[at].lead < ids[i]) {
                at++;
            }
            if (at == row_count || rows[at].lead != ids[i]) {
                status = rank_by_events(reader, ids[i], ranking, err);
            }
            if (status != 0) {
                return status;
            }
        }
        after = ids[got - 1];
    }
    return got;
}

static int rank_page(struct rp_reader *reader, struct rp_arena *page, struct rp_fold *fold,
                     int64_t *after, bool *ret_more, struct ranking *ranking, struct rp_err *err)
{
    struct rp_lead_filter filter = {.after = *after, .cells = true};
    struct rp_lead_row *rows;
    size_t count = 0;
    int status = rp_lead_list(page, reader->store, &filter, PAGE, &rows, &count, err);

    for (size_t i = 0; i < count && status == 0; i++) {
        status = rank_by_state(reader, fold, &rows[i], ranking, err);
    }
    *ret_more = count == PAGE;
    if (status == 0) {
        status = rank_new(reader, *after, *ret_more ? rows[count - 1].lead : INT64_MAX, rows, count,
                          ranking, err);
    }
    *after = count > 0 ? rows[count - 1].lead : *after;
    return status;
}

static int rank_all(struct rp_reader *reader, struct ranking *ranking, struct rp_err *err)
{
    struct rp_arena page;
    struct rp_fold fold;
    int64_t after = 0;
    bool more = true;
    int status = 0;

    rp_arena_init(&page);
    while (status == 0 && more) {
        rp_fold_init(&fold, reader->rules, reader->vm, &reader->arena);
        status = rank_page(reader, &page, &fold, &after, &more, ranking, err);
        rp_fold_fini(&fold);
        rp_arena_reset(&page);
        rp_arena_reset(&reader->arena);
    }
    rp_arena_fini(&page);
    thin_out(ranking);
    return status;
}

static int show(struct rp_reader *reader, int64_t lead, const struct rp_leads_query *query,
                enum rp_format format, struct rp_jw *jw, struct rp_buf *out, struct rp_err *err)
{
    struct rp_view view;
    int status = rp_view_open(reader, lead, query->now_ms, &view, err);

    if (status != 0) {
        return status;
    }
    if (format == RP_FORMAT_JSON) {
        rp_view_json(&view, false, jw);
    } else {
        rp_view_row(&view, query->columns, out);
    }
    rp_view_close(&view);
    rp_arena_reset(&reader->arena);
    return 0;
}

/* They are few, and what they would rank by costs much. */
static int show_aside(struct rp_reader *reader, const struct ranking *ranking,
                      enum rp_format format, bool colour, struct rp_jw *jw, struct rp_buf *out,
                      struct rp_err *err)
{
    struct rp_aside_row *rows;
    struct rp_arena arena;
    size_t count;
    int status;

    rp_arena_init(&arena);
    status = rp_aside_list(&arena, reader->store, &rows, &count, err);
    if (status == 0) {
        format == RP_FORMAT_JSON ? rp_jw_array(jw)
                                 : rp_view_row_head(ranking->query->columns, colour, out);
    }
    for (size_t i = 0; status == 0 && i < count && i < ranking->limit; i++) {
        status = show(reader, rows[i].lead, ranking->query, format, jw, out, err);
    }
    if (status == 0 && format == RP_FORMAT_JSON) {
        rp_jw_array_end(jw);
    }
    rp_arena_fini(&arena);
    return status;
}

/* Ranks those who are asked for; the caller frees ranking->items and ends the reader's question. */
static int find_all(struct rp_reader *reader, const struct rp_leads_query *query, size_t fallback,
                    size_t max, struct ranking *ranking, struct rp_err *err)
{
    int status = rp_reader_begin(reader, err);

    *ranking =
        (struct ranking){.query = query, .limit = query->limit == 0 ? fallback : query->limit};
    ranking->limit = ranking->limit < max ? ranking->limit : max;
    if (status == 0 && query->stage.len > 0 &&
        rp_rules_stage(reader->rules, query->stage) == RP_NONE) {
        status = rp_err_set(err, RIPEN_EINPUT, "no stage \"%.*s\" in the active rules",
                            RP_STR_ARG(query->stage));
    }
    if (status == 0 && query->segment.len > 0) {
        uint32_t segment = rp_rules_segment(reader->rules, query->segment);

        if (segment == RP_NONE) {
            return rp_err_set(err, RIPEN_EINPUT, "no segment \"%.*s\" in the active rules",
                              RP_STR_ARG(query->segment));
        }
        ranking->segment = reader->rules->segments[segment].when;
    }
    if (status == 0 && query->owner.len > 0) {
        ranking->owner = rp_text_fold(&reader->recent_arena, query->owner);
    }
    return status == 0 && !query->set_aside ? rank_all(reader, ranking, err) : status;
}

int rp_reader_leads(struct rp_reader *reader, const struct rp_leads_query *query,
                    enum rp_format format, bool colour, struct rp_buf *out, struct rp_err *err)
{
    struct ranking ranking;
    struct rp_jw jw = rp_jw(out);
    int status = find_all(reader, query, LEADS_DEFAULT, LEADS_MAX, &ranking, err);

    if (status == 0 && query->set_aside) {
        status = show_aside(reader, &ranking, format, colour, &jw, out, err);
        return rp_reader_end(reader, status);
    }
    if (status == 0) {
        format == RP_FORMAT_JSON ? rp_jw_array(&jw) : rp_view_row_head(query->columns, colour, out);
    }
    for (size_t i = 0; i < ranking.count && status == 0; i++) {
        status = show(reader, ranking.items[i].lead, query, format, &jw, out, err);
    }
    if (status == 0 && format == RP_FORMAT_JSON) {
        rp_jw_array_end(&jw);
    }
    free(ranking.items);
    return rp_reader_end(reader, status);
}

int rp_reader_leads_csv(struct rp_reader *reader, const struct rp_leads_query *query,
                        rp_flush_fn *flush, void *ctx, struct rp_buf *out, struct rp_err *err)
{
    enum { FLUSH_AT = 64 * 1024 };
    struct ranking ranking;
    int status = find_all(reader, query, RP_EXPORT_LEADS_MAX, RP_EXPORT_LEADS_MAX, &ranking, err);

    if (status == 0) {
        rp_csv_head(reader->rules, out);
    }
    for (size_t i = 0; i < ranking.count && status == 0; i++) {
        struct rp_view view;

        status = rp_view_open(reader, ranking.items[i].lead, query->now_ms, &view, err);
        if (status == 0) {
            rp_csv_row(&view, out);
            rp_view_close(&view);
            rp_arena_reset(&reader->arena);
        }
        if (status == 0 && flush && out->len >= FLUSH_AT) {
            status = flush(ctx, out, err);
        }
    }
    if (status == 0 && flush) {
        status = flush(ctx, out, err);
    }
    free(ranking.items);
    return rp_reader_end(reader, status);
}

int rp_reader_lead_ids(struct rp_reader *reader, const struct rp_leads_query *query,
                       struct rp_arena *arena, struct rp_str **ret_ids, size_t *ret_count,
                       struct rp_err *err)
{
    struct ranking ranking;
    int status = find_all(reader, query, RP_EXPORT_LEADS_MAX, RP_EXPORT_LEADS_MAX, &ranking, err);

    *ret_ids = status == 0 ? RP_ARENA_ARRAY(arena, struct rp_str, ranking.count + 1) : NULL;
    *ret_count = 0;
    for (size_t i = 0; i < ranking.count && status == 0; i++) {
        struct rp_lead lead;
        struct rp_str stage;

        rp_lead_init(&lead);
        status = rp_state_load(reader->store, ranking.items[i].lead, &lead, &stage, err);
        if (status == RIPEN_ENOTFOUND && lead.public_id[0] != '\0') {
            status = 0;
        }
        if (status == 0) {
            (*ret_ids)[(*ret_count)++] = rp_arena_str(arena, rp_str_from(lead.public_id));
        }
        rp_lead_fini(&lead);
    }
    free(ranking.items);
    return rp_reader_end(reader, status);
}
