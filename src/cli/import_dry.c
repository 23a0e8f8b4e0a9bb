/* SPDX-License-Identifier: MIT */
/* The dry run of an import. Knows rows, and what a database knows of their leads and messages; must
 * not write. A lead that an earlier row of the file would make counts as there. */
#include "cli/import_dry.h"

#include "base/hash.h"
#include "base/json_write.h"
#include "model/correction.h"
#include "store/dedup.h"
#include "store/reports.h"

#include <unistd.h>

enum rp_dry { DRY_CREATE, DRY_UPDATE, DRY_KNOWN, DRY_REJECT, DRY_KINDS };
static const char *const dry_names[] = {"create", "update", "known", "reject"};

struct dry {
    struct rp_store *store; /* NULL: there is none */
    struct rp_arena arena;
    struct rp_import_counts made; /* leads of earlier rows */
    size_t counts[DRY_KINDS];
    size_t rows, shown_max, shown;
    const char *nameless; /* the id of an event that brings none, told by its address */
    int64_t now_ms;
    bool json;
    struct rp_buf *out;
    struct rp_jw jw;
};

static void tell(struct dry *dry, size_t line, enum rp_dry what, struct rp_str who,
                 struct rp_str detail)
{
    dry->counts[what]++;
    if (dry->json) {
        rp_jw_object(&dry->jw);
        rp_jw_put_int(&dry->jw, "line", (int64_t)line);
        rp_jw_put_text(&dry->jw, "would", dry_names[what]);
        rp_jw_put_str(&dry->jw, "lead", who);
        rp_jw_put_str(&dry->jw, "detail", detail);
        rp_jw_object_end(&dry->jw);
    } else if (dry->shown++ < dry->shown_max) {
        rp_buf_printf(dry->out, "line %zu: %s%s%.*s%s%.*s\n", line, dry_names[what],
                      who.len ? " " : "", RP_STR_ARG(who), detail.len ? ": " : "",
                      RP_STR_ARG(detail));
    }
}

static bool is_known(const struct dry *dry, const struct rp_event *event)
{
    int64_t row;

    return dry->store && event->message_id.ptr != dry->nameless &&
           rp_dedup_find(dry->store, rp_hash_keyed(rp_store_secret(dry->store), event->message_id),
                         &row, 1, NULL) > 0;
}

static struct rp_str who_of(const struct rp_event *event)
{
    return event->email.len > 0     ? event->email
           : event->user_id.len > 0 ? event->user_id
                                    : event->anonymous_id;
}

/* What one event brings, in a word or two. */
static void describe(const struct rp_event *event, struct rp_buf *detail)
{
    static const struct {
        const char *event, *property, *says;
    } events[] = {{"Stage Set", "stage", "stage"},
                  {"Consent Given", "proof", "consent"},
                  {"Consent Withdrawn", "reason", "no consent"},
                  {"Unsubscribed", "reason", "unsubscribed"}};

    for (size_t i = 0; i < RP_COUNT(events); i++) {
        if (!rp_str_is(event->name, events[i].event)) {
            continue;
        }
        rp_buf_printf(detail, "%s%s", detail->len ? ", " : "", events[i].says);
        rp_buf_printf(detail, " %.*s", RP_STR_ARG(rp_correction_text(event, events[i].property)));
        return;
    }
    if (event->type == RP_TRACK) {
        rp_buf_printf(detail, "%s%.*s", detail->len ? ", " : "", RP_STR_ARG(event->name));
    }
}

static void judge_row(struct dry *dry, const struct rp_import_row *row)
{
    static const uint8_t key[16] = {0};
    struct rp_envelope envelope = {.received_ms = dry->now_ms,
                                   .sent_ms = RP_NEVER,
                                   .trust_received = true,
                                   .flags = RP_EVENT_IMPORTED,
                                   .message_id = rp_str_from(dry->nameless)};
    struct rp_request request;
    struct rp_buf detail = {0};
    struct rp_err bad = {0};
    struct rp_str who = RP_STR("");
    size_t known = 0;
    int64_t lead;

    if (rp_request_parse(&dry->arena, row->json, &request, &bad) != 0) {
        tell(dry, row->line, DRY_REJECT, who, rp_str_from(bad.text));
        return;
    }
    for (size_t i = 0; i < request.item_count; i++) {
        struct rp_event event;
        struct rp_str message;
        enum rp_reject reject =
            rp_event_parse(&dry->arena, request.items[i], &envelope, &event, &message);

        if (reject != RP_REJECT_NONE) {
            tell(dry, row->line, DRY_REJECT, who, message);
            rp_buf_fini(&detail);
            return;
        }
        who = who.len > 0 ? who : who_of(&event);
        known += is_known(dry, &event);
        describe(&event, &detail);
    }
    if (request.item_count > 0 && known == request.item_count) {
        tell(dry, row->line, DRY_KNOWN, who, RP_STR(""));
    } else {
        bool there = rp_import_counts_add(&dry->made, rp_hash_keyed(key, who)) > 0 ||
                     (dry->store && rp_lead_find(dry->store, who, &lead, NULL) == 0);

        tell(dry, row->line, there ? DRY_UPDATE : DRY_CREATE, who, rp_buf_view(&detail));
    }
    rp_buf_fini(&detail);
}

static int each_row(struct dry *dry, struct rp_import_rows *rows, struct rp_err *err)
{
    struct rp_import_row row;
    int status;

    while ((status = rp_import_rows_next(rows, &row, err)) == 0 && row.kind != RP_IMPORT_END) {
        rp_arena_reset(&dry->arena);
        dry->rows++;
        if (row.kind == RP_IMPORT_BAD) {
            tell(dry, row.line, DRY_REJECT, RP_STR(""), row.message);
        } else if (row.kind == RP_IMPORT_ROW) {
            judge_row(dry, &row);
        }
    }
    return status;
}

static void sum_up(struct dry *dry)
{
    if (dry->json) {
        rp_jw_array_end(&dry->jw);
        for (int i = 0; i < DRY_KINDS; i++) {
            rp_jw_put_int(&dry->jw, dry_names[i], (int64_t)dry->counts[i]);
        }
        rp_jw_put_bool(&dry->jw, "dryRun", true);
        rp_jw_object_end(&dry->jw);
        return;
    }
    if (dry->shown > dry->shown_max) {
        rp_buf_printf(dry->out, "… and %zu more\n", dry->shown - dry->shown_max);
    }
    rp_buf_printf(dry->out,
                  "%zu rows: %zu leads would be created, %zu updated, %zu rows are known already, "
                  "%zu rejected\nnothing was written\n",
                  dry->rows, dry->counts[DRY_CREATE], dry->counts[DRY_UPDATE],
                  dry->counts[DRY_KNOWN], dry->counts[DRY_REJECT]);
}

int rp_import_dry(struct rp_import_rows *rows, const char *db_path, int64_t now_ms, bool json,
                  size_t shown, struct rp_buf *out, size_t *ret_rejected, struct rp_err *err)
{
    struct dry dry = {
        .now_ms = now_ms, .json = json, .shown_max = shown, .out = out, .nameless = "none"};
    int status = 0;

    dry.jw = rp_jw(out);
    rp_arena_init(&dry.arena);
    if (access(db_path, F_OK) == 0) {
        status = rp_store_open(db_path, RP_STORE_READ, &dry.store, err);
        if (status == 0) {
            status = rp_dedup_open(dry.store, err);
        }
    }
    if (status == 0 && json) {
        rp_jw_object(&dry.jw);
        rp_jw_key(&dry.jw, "rows");
        rp_jw_array(&dry.jw);
    }
    if (status == 0) {
        status = each_row(&dry, rows, err);
    }
    if (status == 0) {
        sum_up(&dry);
    }
    *ret_rejected = dry.counts[DRY_REJECT];
    rp_store_close(dry.store);
    rp_import_counts_fini(&dry.made);
    rp_arena_fini(&dry.arena);
    return status;
}
