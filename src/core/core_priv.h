/* SPDX-License-Identifier: MIT */
/* What the files of core/ share: the struct behind rp_core. */
#ifndef RP_CORE_CORE_PRIV_H
#define RP_CORE_CORE_PRIV_H

#include "core/aside.h"
#include "core/cache.h"
#include "core/core.h"
#include "core/experiment.h"
#include "core/history.h"
#include "core/retention.h"
#include "core/sweep.h"
#include "core/timers.h"
#include "core/trail.h"
#include "engine/fold.h"
#include "engine/vm.h"
#include "store/db.h"
#include "store/identities.h"
#include "store/pauses.h"

/* The stages of a generation that is or was in force, in order. */
struct rp_stage_list {
    struct rp_str *names;
    uint32_t count;
};

/* The rebuild sweep; sweep.c alone knows more. */
struct rp_core_sweep {
    unsigned workers;
    struct rp_sweep_work *work; /* NULL: none under way */
    bool halted;                /* by other rules */
    bool restart;               /* whatever the file says of how far it came */
    uint32_t swept;             /* generation that all leads are known to be of */
    unsigned char *done;        /* by range */
    int64_t ranges, next_range; /* the first that is not done */
    int64_t step_ms, retry_ms;
    struct rp_sweep_progress progress;
};

struct rp_core {
    char *db_path; /* NULL: in memory */
    struct rp_store *store;
    struct rp_clock clock;
    bool dry_run; /* what would be delivered is held */
    bool no_actions;
    bool lent_rules;
    bool stale; /* a transaction failed: memory may hold what the file does not; recover before
                   going on */

    struct rp_rules *rules;
    struct rp_vm *vm;
    struct rp_fold fold;
    struct rp_turns turns;            /* of `assign` (assign.c) */
    int64_t *score_names, *dim_names; /* interned names of the active generation, by index */
    struct rp_arena stage_arena;
    struct rp_stage_list *stage_lists; /* each list of stages that was in force, once */
    size_t stage_list_count, stage_list_cap;
    uint32_t stage_list; /* of the active generation */

    struct rp_core_trying *trying, *trying_next; /* NULL: no experiment runs; made ready */

    struct rp_cache cache;
    struct rp_pauses pauses; /* as on file */
    struct rp_trails trails;
    struct rp_aside aside;
    struct rp_core_sweep sweep;
    struct rp_core_retention retention;
    struct rp_arena arena;         /* of the run under way */
    struct rp_arena history_arena; /* of one lead's history */

    /* The run under way: leads touched, and messageIds seen, so that copies in one group are found.
     */
    struct rp_cached **touched;
    size_t touched_count, touched_cap;
    struct seen_item {
        uint64_t hash;
        struct rp_item *item;
    } * seen;
    size_t seen_count, seen_cap, seen_room; /* slots in use, of so many */

    /* Write-behind: leads that changed since the cycle began, and those of the cycle under way. */
    int64_t *dirty, *writing;
    size_t dirty_count, dirty_cap, writing_count, writing_cap, writing_at;
    int64_t cycle_event, cycle_node; /* newest rows when the cycle began */
    int64_t cycle_started_ms;
    int64_t newest_event; /* newest row committed or appended */

    bool hits_owed; /* some followed links are to be voided, perhaps: core/hits.h */

    int64_t assign_ms;    /* when assignments that nobody could take are looked at: core/assign.h */
    int64_t assign_after; /* how far they were looked at, by their rows */

    uint64_t refused[1024]; /* joins refused lately, by hash: not written again */

    struct rp_timer_heap timers;

    /* What became of each rule (counts.c): of the active rules, and of those made ready. */
    struct rp_rule_count *counts, *counts_next;
    uint32_t counts_at; /* the next to be written */

    struct rp_core_stats stats;
};

/* identity.c: which lead an event belongs to. */
struct rp_resolved {
    int64_t lead;                                  /* 0: a new one */
    int64_t user, anonymous, email;                /* nodes; 0: none yet */
    int64_t user_lead, anonymous_lead, email_lead; /* their leads */
    struct rp_str email_value;                     /* folded; "" when none counts */
};
/* Blanks out blocked ids; false: no identity is left. */
bool rp_identity_clean(struct rp_event *event);
int rp_identity_resolve(struct rp_core *core, const struct rp_event *event,
                        struct rp_resolved *ret_resolved, struct rp_err *err);
/* Links identifiers, makes and merges leads under the guards; sets event->node and *ret_lead. */
int rp_identity_link(struct rp_core *core, struct rp_event *event, struct rp_resolved *resolved,
                     struct rp_cached **ret_lead, struct rp_err *err);

/* run.c: ends a run: nothing is pinned any more. */
void rp_core_unpin(struct rp_core *core);

/* leads.c: the cached lead, loaded or new. */
int rp_core_lead(struct rp_core *core, int64_t id, struct rp_cached **ret_lead, struct rp_err *err);
/* Reads a lead from its row into an entry outside of the cache; ENOTFOUND: there is none. */
int rp_core_lead_load(struct rp_core *core, int64_t id, struct rp_cached *entry,
                      struct rp_err *err);
int rp_core_lead_new(struct rp_core *core, enum rp_node_kind kind, struct rp_str value,
                     int64_t created_ms, struct rp_cached **ret_lead, struct rp_err *err);
/* The stage as the decisions on record left it, and the first one when there is none. */
int rp_core_stage_on_record(struct rp_core *core, struct rp_lead *lead, struct rp_err *err);
void rp_core_touch(struct rp_core *core, struct rp_cached *lead); /* part of the run */
void rp_core_dirty(struct rp_core *core, struct rp_cached *lead); /* to be written behind */

/* rules.c: a cached lead's stage as an index of the active generation; to be called for every lead
 * that comes out of the cache. */
int rp_core_fresh(struct rp_core *core, struct rp_cached *cached, struct rp_err *err);
void rp_core_drop_rules(struct rp_core *core); /* at the end */

/* seen.c: items of the run, by messageId and lead. `hash` is the keyed one of the messageId. */
void rp_seen_prepare(struct rp_core *core, size_t items);
bool rp_seen_find(struct rp_core *core, uint64_t hash, struct rp_str message_id, int64_t lead);
void rp_seen_add(struct rp_core *core, uint64_t hash, int64_t lead, struct rp_item *item);
/* `from` becomes part of lead `into`; while its items still wait for it. */
void rp_seen_merged(struct rp_core *core, const struct rp_cached *from, int64_t into);

/* refold.c: late events and histories. An event of the run and what its fold gave, until its row is
 * written. */
struct rp_folded {
    struct rp_item *item;
    struct rp_decision decision;
    size_t step; /* of the trail, when it was folded with the history */
    bool copy;   /* of a message that the lead has: its row is kept, it counts for nothing */
};
enum rp_refolded {
    RP_REFOLDED_BEFORE, /* the history; the events follow it and are still to be folded */
    RP_REFOLDED_WITH,   /* the history with the events in their places */
    RP_REFOLDED_NOT,    /* it would cost too much: the lead is to be set aside */
};
/* `folded` in effective order, not empty. Their rows come afterwards: then rp_core_refold_rows. */
int rp_core_refold(struct rp_core *core, struct rp_cached *lead, struct rp_folded *folded,
                   size_t count, enum rp_refolded *ret_how, struct rp_err *err);
void rp_core_refold_rows(struct rp_core *core, struct rp_cached *lead,
                         const struct rp_folded *folded, size_t count);
/* An event that was folded in order and has its row; `trail` counted before it. */
void rp_core_trail_append(struct rp_core *core, struct rp_trail *trail, const struct rp_lead *lead,
                          const struct rp_event *event);

/* record.c: a decision into rows. */
int rp_core_record(struct rp_core *core, struct rp_cached *lead, const struct rp_event *event,
                   const struct rp_decision *decision, int64_t now_ms, struct rp_err *err);
struct rp_str rp_core_granted(struct rp_core *core, const struct rp_decision *decision);
int rp_core_facts_merge(struct rp_arena *arena, struct rp_lead *lead, struct rp_str facts);

/* behind.c: the write-behind; a portion inside an open transaction. */
int rp_core_write_portion(struct rp_core *core, size_t leads_max, struct rp_err *err);
int rp_core_save(struct rp_core *core, struct rp_cached *cached, struct rp_err *err);
/* Cells that recovery could not complete, or of other rules, are folded from the events; no effect
 * on a lead that is set aside. */
int rp_core_complete(struct rp_core *core, struct rp_cached *cached, struct rp_err *err);

/* counts.c: in the transaction of a swap, at the swap, at the end, and with the write-behind. */
int rp_core_counts_ready(struct rp_core *core, const struct rp_rules *rules, struct rp_err *err);
void rp_core_counts_take(struct rp_core *core);
void rp_core_counts_drop(struct rp_core *core);
int rp_core_counts_write(struct rp_core *core, size_t rules_max, struct rp_err *err);
int rp_core_counts_save(struct rp_core *core, struct rp_err *err); /* all, by itself */

/* experiment.c: those that run; core->trying is not NULL. */
const struct rp_trying *rp_core_trying_list(const struct rp_core *core);

/* recover.c: folds the rows behind the watermark into the states. */
int rp_core_recover(struct rp_core *core, struct rp_err *err);

#endif
