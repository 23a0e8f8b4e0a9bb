/* SPDX-License-Identifier: MIT */
/* Gets leads into the cache: from their rows, or new. A lead loaded under other rules keeps its
 * stage by name and is rebuilt at its next touch. */
#include "base/hash.h"
#include "base/mem.h"
#include "core/core_priv.h"
#include "store/decisions.h"
#include "store/states.h"

#include <stdlib.h>

int rp_core_stage_on_record(struct rp_core *core, struct rp_lead *lead, struct rp_err *err)
{
    struct rp_move_row *moves;
    size_t count;
    int status = rp_move_list(&core->arena, core->store, lead->id, &moves, &count, err);

    if (status == 0 && count > 0) {
        uint32_t stage = rp_rules_stage(core->rules, moves[count - 1].to);

        lead->stage = stage == RP_NONE ? RP_STAGE_NONE : (uint16_t)stage;
        lead->stage_since_ms = moves[count - 1].at_ms;
        if (lead->stage_since_ms > lead->judged_ms) {
            lead->judged_ms = lead->stage_since_ms;
        }
    } else if (status == 0) {
        lead->stage = core->rules->stage_count > 0 ? 0 : RP_STAGE_NONE;
    }
    return status;
}

int rp_core_lead_load(struct rp_core *core, int64_t id, struct rp_cached *entry, struct rp_err *err)
{
    struct rp_str stage = RP_STR("");
    uint32_t index;
    int status = rp_state_load(core->store, id, &entry->lead, &stage, err);

    entry->stage_list = core->stage_list;
    if (status == RIPEN_ENOTFOUND && entry->lead.public_id[0] != '\0') { /* no state yet */
        entry->lead.generation = 0;
        entry->lead.stage = core->rules->stage_count > 0 ? 0 : RP_STAGE_NONE;
        entry->lead.stage_since_ms = entry->lead.created_ms;
        status = 0;
    } else if (status == 0) {
        index = rp_rules_stage(core->rules, stage);
        entry->lead.stage = (uint16_t)index;
        if (index == RP_NONE) { /* the rules that wrote the state knew other stages */
            status = rp_core_stage_on_record(core, &entry->lead, err);
        }
    }
    entry->lead.id = id;
    entry->lead.flags = 0; /* those in the row are of the process that wrote it */
    entry->timer_ms = entry->lead.due_ms;
    return status;
}

int rp_core_lead(struct rp_core *core, int64_t id, struct rp_cached **ret_lead, struct rp_err *err)
{
    struct rp_cached *entry = rp_cache_find(&core->cache, id);
    int status;

    if (entry) {
        *ret_lead = entry;
        return rp_core_fresh(core, entry, err);
    }
    entry = rp_cache_add(&core->cache, id);
    status = rp_core_lead_load(core, id, entry, err);
    if (status != 0) {
        rp_cache_remove(&core->cache, id);
        return status;
    }
    *ret_lead = entry;
    return 0;
}

/* "ld_", nine characters that tell the time and sort like it, and a digest of who it is: new leads
 * stand together at the end of the index of ids, so that it is not written all over. */
static void make_public_id(struct rp_core *core, enum rp_node_kind kind, struct rp_str value,
                           int64_t created_ms, char text[32])
{
    static const char digits[] = "234567abcdefghijklmnopqrstuvwxyz";
    enum { HEAD = 3, TIME = 9, ALL = 29 };
    struct rp_digest *digest = rp_digest_new(rp_store_secret(core->store), 16);
    int64_t parts[2] = {kind, created_ms};
    uint64_t left = (uint64_t)created_ms;
    char who[27];

    rp_digest_part(digest, (struct rp_str){(const char *)parts, sizeof(parts)});
    rp_digest_part(digest, value);
    rp_digest_end(digest, who);
    memset(text, 0, 32);
    memcpy(text, "ld_", HEAD);
    for (int at = HEAD + TIME - 1; at >= HEAD; at--, left /= 32) {
        text[at] = digits[left % 32];
    }
    memcpy(text + HEAD + TIME, who, ALL - HEAD - TIME);
}

int rp_core_lead_new(struct rp_core *core, enum rp_node_kind kind, struct rp_str value,
                     int64_t created_ms, struct rp_cached **ret_lead, struct rp_err *err)
{
    struct rp_cached *entry;
    char text[32];
    int64_t id;
    int status;

    make_public_id(core, kind, value, created_ms, text);
    status = rp_lead_add(core->store, rp_str_from(text), created_ms, &id, err);
    if (status != 0) {
        return status;
    }
    entry = rp_cache_add(&core->cache, id);
    entry->stage_list = core->stage_list;
    memcpy(entry->lead.public_id, text, sizeof(text));
    entry->lead.created_ms = created_ms;
    entry->lead.stage = core->rules->stage_count > 0 ? 0 : RP_STAGE_NONE;
    entry->lead.stage_since_ms = created_ms;
    entry->lead.generation = core->rules->number;
    *ret_lead = entry;
    return 0;
}

void rp_core_touch(struct rp_core *core, struct rp_cached *lead)
{
    if (lead->lead.flags & RP_LEAD_PINNED) {
        return;
    }
    lead->lead.flags |= RP_LEAD_PINNED;
    if (core->touched_count == core->touched_cap) {
        core->touched = rp_grow(core->touched, &core->touched_cap, core->touched_count + 1,
                                sizeof(*core->touched));
    }
    core->touched[core->touched_count++] = lead;
}

void rp_core_dirty(struct rp_core *core, struct rp_cached *lead)
{
    if (lead->lead.flags & RP_LEAD_DIRTY) {
        return;
    }
    lead->lead.flags |= RP_LEAD_DIRTY;
    if (core->dirty_count == core->dirty_cap) {
        core->dirty =
            rp_grow(core->dirty, &core->dirty_cap, core->dirty_count + 1, sizeof(*core->dirty));
    }
    core->dirty[core->dirty_count++] = lead->lead.id;
}
