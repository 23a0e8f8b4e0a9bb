/* SPDX-License-Identifier: MIT */
/* What merges and un-merges make of assignments. Of two known leads the older assignment stands and
 * neither counts any more; an anonymous one takes over what the other brings. Un-merge gives back
 * what was brought; what two known leads were together stays out of reports. */
#include "base/mem.h"
#include "core/core_priv.h"
#include "core/experiment.h"

#include <string.h>

/* The lead's cell as its rows say. */
static int read_cell(struct rp_core *core, struct rp_cached *lead, struct rp_err *err)
{
    const struct rp_trying *trying = rp_core_trying_list(core);
    struct rp_arm_cell *cells = RP_ARENA_ARRAY(&core->arena, struct rp_arm_cell, trying->count);
    struct rp_dealt *rows;
    size_t count;
    uint32_t kept = 0;
    int status = rp_dealt_list(&core->arena, core->store, lead->lead.id, &rows, &count, err);

    for (size_t i = 0; status == 0 && i < count; i++) {
        for (size_t r = 0; r < trying->count; r++) {
            const struct rp_arm_cell *old;

            if (trying->items[r].row.id != rows[i].experiment || (rows[i].flags & RP_DEALT_MOVED)) {
                continue;
            }
            old = rp_arm_of(&lead->lead, rows[i].experiment);
            cells[kept++] = (struct rp_arm_cell){
                .experiment = rows[i].experiment,
                .entered = old ? old->entered : 0,
                .bucket = rows[i].bucket,
                .period = old ? old->period : rows[i].period,
                .arm = rows[i].arm,
                .flags = rows[i].flags & RP_DEALT_EXCLUDED ? RP_ARM_EXCLUDED : 0,
            };
        }
    }
    if (status != 0) {
        return status;
    }
    rp_lead_cell_remove(&lead->lead, rp_cell_key(RP_CELL_ARMS, 0, 0));
    if (kept > 0) {
        memcpy(rp_lead_cell_resize(&lead->lead, rp_cell_key(RP_CELL_ARMS, 0, 0),
                                   kept * (uint32_t)sizeof(*cells)),
               cells, kept * sizeof(*cells));
    }
    return 0;
}

static struct rp_dealt *row_of(struct rp_dealt *rows, size_t count, int64_t experiment)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].experiment == experiment) {
            return &rows[i];
        }
    }
    return NULL;
}

/* Both were dealt: the older stands, for the lead that stands. */
static int join_rows(struct rp_core *core, const struct rp_dealt *from, struct rp_dealt *into,
                     struct rp_err *err)
{
    unsigned marks = RP_DEALT_MERGED | (from->arm != into->arm ? RP_DEALT_CROSSOVER : 0U);
    int status =
        rp_dealt_flags(core->store, from->experiment, from->lead, marks | RP_DEALT_MOVED, 0, err);

    if (from->at_ms < into->at_ms) {
        into->arm = from->arm;
        into->unit = from->unit;
        into->bucket = from->bucket;
        into->period = from->period;
        into->at_ms = from->at_ms;
        into->origin = from->lead;
        into->score = from->score;
        into->scored = from->scored;
    }
    into->flags |= marks;
    return status == 0 ? rp_dealt_put(core->store, into, err) : status;
}

static int bring_row(struct rp_core *core, const struct rp_dealt *from, int64_t into,
                     struct rp_err *err)
{
    struct rp_dealt row = *from;
    int status = rp_dealt_flags(core->store, from->experiment, from->lead, RP_DEALT_MOVED, 0, err);

    row.lead = into;
    row.flags |= RP_DEALT_BROUGHT;
    row.origin = from->lead;
    return status == 0 ? rp_dealt_put(core->store, &row, err) : status;
}

/* Someone who was known before stays so, whoever joins: then neither is in. */
static bool was_before(const struct rp_lead *lead, int64_t experiment)
{
    const struct rp_arm_cell *cell = rp_arm_of(lead, experiment);

    return cell && (cell->flags & RP_ARM_BEFORE);
}

/* What `from` was dealt. */
static int merge_rows(struct rp_core *core, struct rp_dealt *froms, size_t from_count,
                      struct rp_dealt *intos, size_t into_count, const struct rp_lead *into,
                      struct rp_err *err)
{
    int status = 0;

    for (size_t i = 0; status == 0 && i < from_count; i++) {
        struct rp_dealt *other = row_of(intos, into_count, froms[i].experiment);

        if (froms[i].flags & RP_DEALT_MOVED) {
            continue;
        }
        if (other && (other->arm != RP_ARM_NONE || froms[i].arm != RP_ARM_NONE)) {
            status = join_rows(core, &froms[i], other, err);
        } else if (!other && was_before(into, froms[i].experiment)) {
            status = rp_dealt_flags(core->store, froms[i].experiment, froms[i].lead,
                                    RP_DEALT_MERGED | RP_DEALT_MOVED, 0, err);
        } else if (!other) {
            status = bring_row(core, &froms[i], into->id, err);
        }
    }
    return status;
}

int rp_core_dealt_merged(struct rp_core *core, struct rp_cached *from, struct rp_cached *into,
                         struct rp_err *err)
{
    struct rp_dealt *froms;
    struct rp_dealt *intos;
    size_t from_count;
    size_t into_count;
    int status;

    if (!core->trying) {
        return 0;
    }
    status = rp_dealt_list(&core->arena, core->store, from->lead.id, &froms, &from_count, err);
    if (status == 0) {
        status = rp_dealt_list(&core->arena, core->store, into->lead.id, &intos, &into_count, err);
    }
    if (status == 0) {
        status = merge_rows(core, froms, from_count, intos, into_count, &into->lead, err);
    }
    for (size_t i = 0; status == 0 && i < into_count; i++) {
        if (was_before(&from->lead, intos[i].experiment)) {
            status = rp_dealt_flags(core->store, intos[i].experiment, into->lead.id,
                                    RP_DEALT_MERGED, 0, err);
        }
    }
    if (status != 0 || from_count == 0) {
        return status;
    }
    into->lead.flags |= RP_LEAD_SAVE;
    return read_cell(core, into, err);
}

int rp_core_dealt_apart(struct rp_core *core, struct rp_cached *from, struct rp_cached *into,
                        struct rp_err *err)
{
    struct rp_dealt *froms;
    struct rp_dealt *intos;
    size_t from_count;
    size_t into_count;
    int status = rp_dealt_list(&core->arena, core->store, from->lead.id, &froms, &from_count, err);

    if (status == 0) {
        status = rp_dealt_list(&core->arena, core->store, into->lead.id, &intos, &into_count, err);
    }
    for (size_t i = 0; status == 0 && i < from_count; i++) {
        const struct rp_dealt *other = row_of(intos, into_count, froms[i].experiment);

        status =
            rp_dealt_flags(core->store, froms[i].experiment, from->lead.id, 0, RP_DEALT_MOVED, err);
        if (status == 0 && other && (other->flags & RP_DEALT_BROUGHT) &&
            other->origin == from->lead.id) {
            status = rp_dealt_remove(core->store, other->experiment, into->lead.id, err);
        }
    }
    if (status != 0 || !core->trying) {
        return status;
    }
    status = read_cell(core, from, err);
    return status == 0 ? read_cell(core, into, err) : status;
}
