/* SPDX-License-Identifier: MIT */
/* What people decided against the rules. `Score Adjusted` gives points outside groups, limits and
 * decay, for good or until a day; `Stage Set` moves the lead whatever the conditions say. Both are
 * events of the history like any other, so a replay decides the same; what the fold keeps of them:
 *
 *   adjusted cell: entries of 32 bytes: granted i64, until i64 (FOREVER: for good), dimension u32,
 *   zero u32, zero i64. One entry a dimension for good, then one for each that ends.
 *
 * All models see the same adjustments: they correct the lead, not a way to score it. */
#include "base/hash.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "base/num.h"
#include "engine/eval.h"
#include "engine/fold.h"
#include "model/correction.h"

#include <math.h>
#include <string.h>

#define FOREVER INT64_MAX

struct adjustment {
    int64_t granted, until;
    uint32_t dim, zero;
    int64_t zeros;
};

static uint32_t adjusted_key(void)
{
    return rp_cell_key(RP_CELL_ADJUSTED, 0, 0);
}

static const struct adjustment *adjustments(const struct rp_lead *lead, uint32_t *ret_count)
{
    uint32_t len = 0;
    const struct adjustment *entries = rp_lead_cell(lead, adjusted_key(), &len);

    *ret_count = len / (uint32_t)sizeof(*entries);
    return entries;
}

int64_t rp_adjusted(struct rp_scratch *s, uint32_t dim)
{
    const struct adjustment *entries;
    uint32_t count;
    int64_t sum = 0;

    if (s->unadjusted_of == s->epoch)
        return 0; /* as nearly all leads are, at every reading of a score */
    entries = adjustments(s->lead, &count);
    if (count == 0)
        s->unadjusted_of = s->epoch;
    for (uint32_t i = 0; i < count; i++) {
        if (entries[i].dim == dim && s->now_ms < entries[i].until)
            sum += entries[i].granted;
    }
    return sum;
}

bool rp_adjusted_next_end(const struct rp_lead *lead, int64_t now_ms, int64_t *ret_ms)
{
    uint32_t count;
    const struct adjustment *entries = adjustments(lead, &count);

    *ret_ms = FOREVER;
    for (uint32_t i = 0; i < count; i++) {
        if (entries[i].until > now_ms && entries[i].until < *ret_ms)
            *ret_ms = entries[i].until;
    }
    return *ret_ms != FOREVER;
}

/* ---- Score Adjusted -------------------------------------------------------------------------- */

static void fault(struct rp_scratch *s, struct rp_decision *decision, struct rp_str message)
{
    *rp_decision_fault(s->arena, decision) =
        (struct rp_fault){.rule = s->event->name, .kind = RP_STR("correction"), .message = message};
}

/* The named dimension; without a name engagement, else the first that accumulates. */
static uint32_t adjusted_dim(const struct rp_scratch *s, struct rp_str name)
{
    uint32_t dim = rp_rules_dim(s->rules, name.len ? name : RP_STR("engagement"));

    for (uint32_t d = 0; dim == RP_NONE && name.len == 0 && d < s->rules->dim_count; d++) {
        if (!s->rules->dims[d].state && s->rules->dims[d].by == RP_NONE)
            dim = d;
    }
    return dim;
}

/* False: something in the event makes no adjustment, and `decision` has a fault that says what. */
static bool read_adjustment(struct rp_scratch *s, struct rp_decision *decision,
                            struct adjustment *ret_entry)
{
    const struct rp_prop *points = rp_event_get(s->event, rp_path_of(RP_STR("properties.points")));
    struct rp_str name = rp_correction_text(s->event, "dimension");
    struct rp_str until = rp_correction_text(s->event, "until");
    struct adjustment entry = {.until = FOREVER, .dim = adjusted_dim(s, name)};

    if (!points || points->type != RP_NUMBER || fabs(points->number) > RP_POINTS_MAX) {
        fault(s, decision, RP_STR("points must be a number from -1000000 to 1000000"));
        return false;
    }
    if (entry.dim == RP_NONE || s->rules->dims[entry.dim].by != RP_NONE) {
        fault(s, decision,
              rp_arena_printf(s->arena, "no dimension \"%.*s\" takes points by hand",
                              RP_STR_ARG(name)));
        return false;
    }
    if (until.len && !rp_time_parse(until, &entry.until)) {
        fault(s, decision,
              rp_arena_printf(s->arena, "until: \"%.*s\" is no time; write it like 2026-03-02",
                              RP_STR_ARG(until)));
        return false;
    }
    entry.granted = rp_milli_round(points->number);
    *ret_entry = entry;
    return true;
}

/* False when the lead holds too many that end. */
static bool keep_adjustment(struct rp_lead *lead, const struct adjustment *entry, int64_t now_ms)
{
    uint32_t count, kept = 0, same = RP_NONE;
    struct adjustment *entries;
    bool room;

    (void)adjustments(lead, &count);
    entries = rp_lead_cell_resize(lead, adjusted_key(), (count + 1) * (uint32_t)sizeof(*entries));
    for (uint32_t i = 0; i < count; i++) {
        if (entries[i].until <= now_ms)
            continue; /* ended: later events find it ended too */
        entries[kept] = entries[i];
        if (entries[i].dim == entry->dim && entries[i].until == entry->until)
            same = kept;
        kept++;
    }
    room = same != RP_NONE || kept < RP_WINDOW_ENTRIES_MAX;
    if (same != RP_NONE)
        entries[same].granted += entry->granted;
    else if (room)
        entries[kept++] = *entry;
    rp_lead_cell_resize(lead, adjusted_key(), kept * (uint32_t)sizeof(*entries));
    return room;
}

void rp_adjust_restore(struct rp_scratch *s, struct rp_lead *lead, uint32_t dim, int64_t granted,
                       int64_t until_ms, int64_t now_ms)
{
    struct adjustment entry = {.granted = granted, .until = until_ms, .dim = dim};

    s->unadjusted_of = 0;
    if (until_ms > now_ms)
        (void)keep_adjustment(lead, &entry, now_ms);
}

static struct rp_str reason_and_author(struct rp_scratch *s)
{
    struct rp_str reason = rp_correction_text(s->event, "reason");
    struct rp_str author = rp_correction_text(s->event, "author");

    if (author.len == 0)
        return rp_arena_str(s->arena, reason);
    return rp_arena_printf(s->arena, "%.*s%sby %.*s", RP_STR_ARG(reason), reason.len ? ", " : "",
                           RP_STR_ARG(author));
}

void rp_adjust(struct rp_scratch *s, struct rp_lead *lead, struct rp_decision *decision)
{
    struct adjustment entry;
    struct rp_trace_row row;

    if (rp_event_correction(s->event) != RP_CORRECTION_POINTS ||
        !read_adjustment(s, decision, &entry))
        return;
    row = (struct rp_trace_row){
        .grant = {.rule = RP_NONE,
                  .dim = (uint16_t)entry.dim,
                  .asked = entry.granted,
                  .granted = entry.granted,
                  .evidence = reason_and_author(s)},
        .sum = RP_NONE,
        .event = s->event->id,
        .at_ms = s->event->effective_ms,
        .until_ms = entry.until,
        .message_id = s->event->message_id,
        .event_name = s->event->name,
    };
    s->unadjusted_of = 0;
    if (!keep_adjustment(lead, &entry, s->event->effective_ms)) {
        row.grant.granted = 0;
        row.grant.cut = RP_STR("too_many");
    }
    decision->adjusted = row.grant;
    if (s->fold->trace)
        s->fold->trace(s->fold->trace_ctx, &row);
}

/* ---- Event Voided ---------------------------------------------------------------------------- */

bool rp_voided(const struct rp_lead *lead, const struct rp_event *event)
{
    uint32_t len = 0;
    const uint8_t *cell = rp_lead_cell(lead, rp_cell_key(RP_CELL_VOIDED, 0, 0), &len);
    uint64_t own, hash;

    if (event->flags & RP_EVENT_VOIDED)
        return true;
    if (!cell || rp_event_correction(event) == RP_CORRECTION_VOID)
        return false;
    own = rp_hash(event->message_id);
    for (uint32_t at = 0; at < len; at += sizeof(hash)) {
        memcpy(&hash, cell + at, sizeof(hash));
        if (hash == own)
            return true;
    }
    return false;
}

bool rp_void(struct rp_lead *lead, const struct rp_event *event, struct rp_fold *fold,
             struct rp_decision *decision)
{
    uint32_t key = rp_cell_key(RP_CELL_VOIDED, 0, 0), len = 0;
    uint64_t hash;
    uint8_t *cell;

    if (rp_event_correction(event) != RP_CORRECTION_VOID)
        return false;
    (void)rp_lead_cell(lead, key, &len);
    if (len / sizeof(hash) >= RP_VOIDS_MAX) {
        *rp_decision_fault(fold->arena, decision) = (struct rp_fault){
            .rule = event->name,
            .kind = RP_STR("correction"),
            .message = RP_STR("256 events of this lead are void already; this one stays")};
        return false;
    }
    hash = rp_hash(rp_correction_text(event, "messageId"));
    cell = rp_lead_cell_resize(lead, key, len + (uint32_t)sizeof(hash));
    memcpy(cell + len, &hash, sizeof(hash));
    return true;
}

/* ---- Stage Set ------------------------------------------------------------------------------- */

bool rp_stage_set(struct rp_scratch *s, struct rp_lead *lead, struct rp_decision *decision)
{
    struct rp_str name, reason, author;
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&out);
    uint32_t stage;

    if (!s->event || rp_event_correction(s->event) != RP_CORRECTION_STAGE)
        return false;
    name = rp_correction_text(s->event, "stage");
    reason = rp_correction_text(s->event, "reason");
    author = rp_correction_text(s->event, "author");
    stage = rp_rules_stage(s->rules, name);
    if (stage == RP_NONE) {
        fault(s, decision, rp_arena_printf(s->arena, "no stage \"%.*s\"", RP_STR_ARG(name)));
        return true;
    }
    if (stage == lead->stage)
        return true;
    rp_jw_object(&jw);
    rp_jw_put_str(&jw, "reason", reason);
    rp_jw_put_str(&jw, "author", author);
    rp_score_json(s, &jw);
    rp_jw_object_end(&jw);
    *rp_decision_move(s->arena, decision) = (struct rp_move){
        .from = lead->stage,
        .to = (uint16_t)stage,
        .because = RP_STR("set"),
        .reasons = rp_arena_str(s->arena, rp_buf_view(&out)),
    };
    rp_buf_fini(&out);
    lead->stage = (uint16_t)stage;
    lead->stage_since_ms = s->now_ms;
    return true;
}
