/* SPDX-License-Identifier: MIT */
/* The run of an import: reads rows into a chunk, sorts the chunk by effective order, commits it in
 * groups with idle work between them, and reads on.
 *
 *   rows ──gather──▶ chunk ──sort──▶ groups ──rp_core_run──▶ committed, verdicts counted
 *
 * Within a chunk no event is late, so that each lead is folded once; between chunks the core folds
 * again what is late, with the same result. An event without a messageId gets one from its row and
 * from how often that row came before, so that a second import of the file is all duplicates. */
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cli/import.h"
#include "store/identities.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUIET_US = 2000000, BAR_US = 200000 };

/* An event on its way, with the line that it came from. */
struct entry {
    struct rp_item item;
    size_t line, index;
};

struct run {
    const struct rp_import_options *options;
    struct rp_import_result *result;
    struct rp_arena arena;   /* of the chunk */
    struct rp_arena scratch; /* of the row under way */
    struct entry **entries;
    size_t count, cap;
    struct rp_batch *batch;
    struct rp_item *group;
    size_t *group_lines;
    struct rp_import_counts rows_seen, nodes_seen;
    int64_t started_us, shown_us;
    double share_before, share_after; /* of the file, around the chunk */
};

/* ---- What is told ---------------------------------------------------------------------------- */

static void reject(struct run *run, size_t line, const char *code, struct rp_str message)
{
    struct rp_import_result *result = run->result;

    result->rejected++;
    if (result->reason_count < RP_IMPORT_REASONS_MAX) {
        result->reasons[result->reason_count++] =
            (struct rp_import_reason){line, code, rp_arena_str(&result->arena, message)};
    }
}

static void show_progress(struct run *run, size_t fed)
{
    int64_t now = rp_mono_us();
    double share = run->share_after;
    size_t done = run->result->accepted + run->result->duplicates;

    if (!run->options->progress || now - run->started_us < QUIET_US ||
        now - run->shown_us < BAR_US) {
        return;
    }
    run->shown_us = now;
    if (share >= 0) {
        share = run->share_before +
                (share - run->share_before) * (double)fed / (double)(run->count ? run->count : 1);
        fprintf(stderr, "\r[%-30.*s] %3.0f %%", (int)(share * 30), "##############################",
                share * 100);
    }
    fprintf(stderr, "  %zu events, %.0f/s   ", done,
            (double)done * 1e6 / (double)(now - run->started_us));
    if (share < 0) {
        fputc('\r', stderr);
    }
    fflush(stderr);
}

static void end_progress(const struct run *run)
{
    if (run->shown_us > 0) {
        fprintf(stderr, "\r%78s\r", "");
    }
}

/* ---- Feeding --------------------------------------------------------------------------------- */

static int by_order(const void *a, const void *b)
{
    const struct entry *x = *(struct entry *const *)a;
    const struct entry *y = *(struct entry *const *)b;
    struct rp_order left = rp_event_order(&x->item.event);
    struct rp_order right = rp_event_order(&y->item.event);
    int order = rp_order_cmp(&left, &right);

    return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

static int feed_group(struct run *run, size_t count, struct rp_err *err)
{
    struct rp_batch *batch = run->batch;
    int status;

    batch->items = run->group;
    batch->item_count = count;
    batch->next = NULL;
    status = rp_core_run(run->options->core, batch, err);
    if (status != 0) {
        return status;
    }
    run->result->accepted += batch->accepted;
    run->result->duplicates += batch->duplicates;
    for (size_t i = 0; i < count; i++) {
        const struct rp_item *item = &run->group[i];

        if (item->verdict == RP_VERDICT_REJECTED) {
            reject(run, run->group_lines[i], rp_reject_code(item->reject), item->message);
        } else if (item->verdict == RP_VERDICT_ACCEPTED) {
            rp_import_counts_add(&run->nodes_seen, (uint64_t)item->event.node);
        }
    }
    (void)rp_core_idle(run->options->core);
    return 0;
}

static int feed_chunk(struct run *run, struct rp_err *err)
{
    int status = 0;

    if (run->count > 1) {
        qsort(run->entries, run->count, sizeof(struct entry *), by_order);
    }
    run->share_after = rp_import_share(run->options->file);
    for (size_t at = 0; at < run->count && status == 0;) {
        size_t count = 0;

        for (; at < run->count && count < RP_GROUP_EVENTS_MAX; at++, count++) {
            run->group[count] = run->entries[at]->item;
            run->group_lines[count] = run->entries[at]->line;
        }
        status = feed_group(run, count, err);
        show_progress(run, at);
    }
    run->share_before = run->share_after;
    run->count = 0;
    rp_arena_reset(&run->arena);
    return status;
}

/* ---- Gathering ------------------------------------------------------------------------------- */

/* From the row and its ordinal among equal ones. */
static struct rp_str make_message_id(struct run *run, struct rp_str raw)
{
    static const uint8_t key[16] = {0};
    uint32_t before = rp_import_counts_add(&run->rows_seen, rp_hash_keyed(key, raw));
    struct rp_digest *digest = rp_digest_new(NULL, 0);
    struct rp_str ordinal = rp_arena_printf(&run->arena, "%u", before);
    char sum[27];

    rp_digest_part(digest, raw);
    rp_digest_part(digest, ordinal);
    rp_digest_end(digest, sum);
    return rp_arena_printf(&run->arena, "imp-%s", sum);
}

/* Where the texts of an event stand, and where they are to be kept. */
struct keeping {
    struct rp_arena *arena;
    struct rp_str item, copy;
};

static void keep_text(const struct keeping *keeping, struct rp_str *text)
{
    struct rp_str item = keeping->item;

    if (text->len == 0) {
        *text = RP_STR("");
    } else if (text->ptr >= item.ptr && text->ptr < item.ptr + item.len) {
        text->ptr = keeping->copy.ptr + (text->ptr - item.ptr);
    } else {
        *text = rp_arena_str(keeping->arena, *text);
    }
}

/* Moves an event out of the scratch arena: parsing takes several times the room of its result. */
static void keep_event(struct run *run, struct rp_str item, struct rp_event *event)
{
    const struct keeping keeping = {&run->arena, item, rp_arena_str(&run->arena, item)};
    struct rp_str *const texts[] = {
        &event->name,        &event->message_id, &event->user_id, &event->anonymous_id,
        &event->previous_id, &event->group_id,   &event->email,   &event->body,
    };
    struct rp_prop *props = RP_ARENA_ARRAY(&run->arena, struct rp_prop, event->prop_count);

    for (size_t i = 0; i < RP_COUNT(texts); i++) {
        keep_text(&keeping, texts[i]);
    }
    memcpy(props, event->props, event->prop_count * sizeof(*props));
    for (uint32_t i = 0; i < event->prop_count; i++) {
        keep_text(&keeping, &props[i].key);
        keep_text(&keeping, &props[i].text);
    }
    event->props = props;
}

static void gather_item(struct run *run, const struct rp_import_row *row, struct rp_str item,
                        const struct rp_envelope *envelope)
{
    struct rp_event event;
    struct rp_str message;
    enum rp_reject bad = rp_event_parse(&run->scratch, item, envelope, &event, &message);
    struct entry *entry;
    bool nameless;

    if (bad != RP_REJECT_NONE) {
        reject(run, row->line, rp_reject_code(bad), message);
        return;
    }
    entry = RP_ARENA_NEW(&run->arena, struct entry);
    entry->line = row->line;
    entry->index = run->count;
    nameless = event.message_id.ptr == envelope->message_id.ptr;
    keep_event(run, item, &event);
    if (nameless) {
        event.message_id = make_message_id(run, row->raw.len > 0 ? row->raw : item);
    }
    entry->item.event = event;
    if (run->count == run->cap) {
        run->entries = rp_grow(run->entries, &run->cap, run->count + 1, sizeof(struct entry *));
    }
    run->entries[run->count++] = entry;
}

static void gather_row(struct run *run, const struct rp_import_row *row)
{
    struct rp_envelope envelope = {
        .received_ms = run->options->now_ms,
        .sent_ms = RP_NEVER,
        .trust_received = true,
        .flags = RP_EVENT_IMPORTED,
        .message_id = RP_STR("none"), /* told by its address */
    };
    struct rp_request request;
    struct rp_err bad = {0};

    rp_arena_reset(&run->scratch);
    if (rp_request_parse(&run->scratch, row->json, &request, &bad) != 0) {
        reject(run, row->line, "not_json", rp_str_from(bad.text));
        return;
    }
    if (request.batch) {
        envelope.sent_ms = request.sent_ms;
        envelope.context = request.context;
    }
    for (size_t i = 0; i < request.item_count; i++) {
        if (i == RP_BATCH_ITEMS_MAX) {
            reject(run, row->line, rp_reject_code(RP_REJECT_TOO_MANY),
                   rp_str_from(rp_reject_text(RP_REJECT_TOO_MANY)));
            break;
        }
        gather_item(run, row, request.items[i], &envelope);
    }
}

/* What time alone has brought since the newest event of each lead. */
static int run_timers(struct rp_core *core, struct rp_err *err)
{
    int64_t now_ms = rp_clock_system().now_ms(NULL);
    int count;

    do {
        count = rp_core_timers_run(core, now_ms, RP_GROUP_EVENTS_MAX, err);
    } while (count > 0);
    return count;
}

static int run_rows(struct run *run, struct rp_err *err)
{
    const struct rp_import_options *options = run->options;
    size_t events_max = options->events_max ? options->events_max : RP_IMPORT_EVENTS_MAX;
    size_t bytes_max = options->bytes_max ? options->bytes_max : RP_IMPORT_BYTES_MAX;
    struct rp_import_row row;
    struct rp_err unread = {0};
    int read_status, status = 0;

    do {
        read_status = rp_import_rows_next(options->rows, &row, &unread);
        if (read_status != 0 || row.kind == RP_IMPORT_END) {
            break;
        }
        run->result->rows++;
        if (row.kind == RP_IMPORT_SKIPPED) {
            run->result->skipped++;
        } else if (row.kind == RP_IMPORT_BAD) {
            reject(run, row.line, row.code, row.message);
        } else {
            gather_row(run, &row);
        }
        if (run->count >= events_max || run->arena.used >= bytes_max) {
            status = feed_chunk(run, err);
        }
    } while (status == 0);
    if (status == 0) {
        status = feed_chunk(run, err);
    }
    if (status == 0) {
        status = run_timers(options->core, err);
    }
    if (status == 0) {
        status = rp_core_flush(options->core, err);
    }
    if (status == 0 && read_status != 0 && err) {
        *err = unread;
    }
    return status != 0 ? status : read_status;
}

static size_t count_leads(struct run *run)
{
    struct rp_store *store = rp_core_store(run->options->core);
    struct rp_import_counts leads = {0};
    size_t count;

    for (size_t i = 0; i < run->nodes_seen.cap; i++) {
        if (run->nodes_seen.places[i].count > 0) {
            int64_t node = (int64_t)run->nodes_seen.places[i].key;

            rp_import_counts_add(&leads, (uint64_t)rp_identity_lead(store, node));
        }
    }
    count = leads.used;
    rp_import_counts_fini(&leads);
    return count;
}

int rp_import_run(const struct rp_import_options *options, struct rp_import_result *ret_result,
                  struct rp_err *err)
{
    struct run run = {.options = options, .result = ret_result};
    int status;

    *ret_result = (struct rp_import_result){0};
    rp_arena_init(&ret_result->arena);
    rp_arena_init(&run.arena);
    rp_arena_init(&run.scratch);
    run.batch = rp_batch_new();
    run.group = rp_calloc(RP_GROUP_EVENTS_MAX, sizeof(*run.group));
    run.group_lines = rp_calloc(RP_GROUP_EVENTS_MAX, sizeof(*run.group_lines));
    run.started_us = rp_mono_us();
    status = run_rows(&run, err);
    ret_result->leads = count_leads(&run);
    ret_result->micros = rp_mono_us() - run.started_us;
    end_progress(&run);
    rp_import_counts_fini(&run.rows_seen);
    rp_import_counts_fini(&run.nodes_seen);
    rp_batch_free(run.batch);
    rp_arena_fini(&run.arena);
    rp_arena_fini(&run.scratch);
    free(run.entries);
    free(run.group);
    free(run.group_lines);
    return status;
}

void rp_import_result_fini(struct rp_import_result *result)
{
    rp_arena_fini(&result->arena);
}
