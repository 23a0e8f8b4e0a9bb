/* SPDX-License-Identifier: MIT */
/* The core joins engine and store: it takes batches of events through identity, dedup, fold,
 * judging and the outbox in one transaction, keeps the leads' states in memory and writes them
 * behind, and recovers them at start. It has no loop, no socket and no clock of its own. One thread
 * at a time. */
#ifndef RP_CORE_CORE_H
#define RP_CORE_CORE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/when.h"
#include "core/sweep.h"
#include "engine/load.h"
#include "engine/ruleset.h"
#include "model/event.h"
#include "store/db.h"
#include "store/outbox.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rp_verdict { RP_VERDICT_REJECTED, RP_VERDICT_ACCEPTED, RP_VERDICT_DUPLICATE };

/* One item of a request. The parser fills `event`, or `reject` and `message`; the core the verdict.
 */
struct rp_item {
    struct rp_event event;
    enum rp_reject reject;
    enum rp_verdict verdict;
    struct rp_str message;        /* of a rejected item */
    struct rp_item *next_pending; /* of the same lead in the same run; the core's */
    uint64_t hash;                /* of the messageId, keyed; the core's */
    const struct rp_hit *hit; /* a link of a mail was followed: the core makes the event of it */
};

/* One request on its way: parsed, queued, judged, committed, answered. Owned by whoever made it;
 * its arena holds the items and their texts. */
struct rp_batch {
    struct rp_batch *next; /* in a queue */
    struct rp_arena arena;
    struct rp_item *items;
    size_t item_count;
    size_t beyond; /* items past RP_BATCH_ITEMS_MAX: rejected, and not in `items` */
    size_t accepted, duplicates, rejected; /* after the run */
    int status; /* of the commit: 0, EFULL, ESTORE; verdicts count only when 0 */
    void (*done)(struct rp_batch *batch); /* called on the owner's thread, once */
    void *owner;
};

struct rp_core;

struct rp_core_options {
    const char *db_path;
    enum rp_store_mode mode; /* SERVE or MEMORY */
    struct rp_clock clock;
    bool dry_run;           /* serve --no-deliver: what would be delivered is held */
    bool no_actions;        /* import --history: stages move, no action becomes an outbox row */
    bool set_aside;         /* leads whose late events cost too much are judged in the background */
    unsigned sweep_workers; /* threads that rebuild leads after a change of rules; 0: none do */
    int64_t retention_ms;   /* older events become a base a lead when there is time; 0: never */
    bool lent_rules;        /* rp_core_rules does not own what it gets: trials share rules */
};

/* Opens the store; no rules yet. */
int rp_core_open(const struct rp_core_options *options, struct rp_core **ret_core,
                 struct rp_err *err);
void rp_core_close(struct rp_core *core); /* flushes what it can; NULL: no effect */

/* Takes these rules as the active generation (owns them from here, also on failure) and recovers
 * states behind the watermark under them. `author` and the packed sources go into the generations
 * table. */
int rp_core_rules(struct rp_core *core, struct rp_rules *rules, const struct rp_files *files,
                  struct rp_str author, struct rp_err *err);
const struct rp_rules *rp_core_active(const struct rp_core *core);
struct rp_store *rp_core_store(struct rp_core *core);

/* Runs the batches of the list (through `next`) in one transaction and commits. On failure
 * everything is undone, each batch->status says why, and the core can go on. */
int rp_core_run(struct rp_core *core, struct rp_batch *first, struct rp_err *err);
/* As rp_core_run, but on the disk only when rp_core_sync returned 0: until then nobody may be told
 * of it. What else the core commits is durable when the call returns, and so is all before it. */
int rp_core_run_ahead(struct rp_core *core, struct rp_batch *first, struct rp_err *err);
/* Any thread, also beside the core's: what ran ahead before the call is on the disk. ESTORE: it is
 * not, and the core takes nothing more. */
int rp_core_sync(struct rp_core *core, struct rp_err *err);

/* Judges the timers that are due at or before until_ms, in due order, each with its due time as
 * `now`, at most `max` of them, in one transaction. Returns how many were judged (0: none is left),
 * or an error, after which everything is undone and the core can go on. Virtual time: the clock is
 * not asked. */
int rp_core_timers_run(struct rp_core *core, int64_t until_ms, size_t max, struct rp_err *err);
/* A moment before which no timer is due, RP_TIMERS_NEVER when there is none. */
#define RP_TIMERS_NEVER INT64_MAX
int64_t rp_core_timers_due(const struct rp_core *core);

/* Idle work in small portions, each in a transaction of its own: writes states behind, dedup runs,
 * checkpoints. False when nothing is left to do. */
bool rp_core_idle(struct rp_core *core);
/* Writes all states and the watermark (before close, before a reader that must see everything). */
int rp_core_flush(struct rp_core *core, struct rp_err *err);

/* The outbox, in transactions of their own. */
struct rp_outbox_result {
    int64_t id;
    enum rp_outcome outcome;
    int http_status;
    struct rp_str error; /* of an attempt that failed; of a CRM also what was written */
    int64_t due_ms;
    struct rp_str memory; /* CRM: to be kept (store/crm_rows.h); "": nothing new */
};
int rp_core_outbox_claim(struct rp_core *core, struct rp_arena *arena, enum rp_outbox_way way,
                         int64_t lease_ms, size_t max, struct rp_outbox_row **ret_rows,
                         size_t *ret_count, struct rp_err *err);
int rp_core_outbox_finish(struct rp_core *core, const struct rp_outbox_result *results,
                          size_t count, struct rp_err *err);

/* Why a message is held back (core/gate.h). */
enum rp_gate {
    RP_GATE_OPEN,
    RP_GATE_SUPPRESSED,
    RP_GATE_NO_CONSENT,
    RP_GATE_PENDING,
    RP_GATE_WITHDRAWN,
    RP_GATE_UNSUBSCRIBED,
    RP_GATE_LIMIT,
};
#define RP_GATES 7
const char *rp_gate_name(enum rp_gate gate); /* "no_consent", as in ripen_held_total */

/* Counters since open, for /metrics. */
struct rp_core_stats {
    uint64_t events, duplicates, rejected, groups, moves, intents, faults, refolds, leads_cached,
        leads_dirty, leads_aside, merges, joins_refused, timers_judged, timers_pending,
        leads_compacted, events_compacted, sequences_started, sequence_steps;
    uint64_t sequences_stuck; /* live ones whose step the rules do not have */
    uint64_t held[RP_GATES];
    int64_t watermark, newest_event;
    int64_t timer_lag_ms; /* how long the oldest timer is over; 0: none is */
    struct rp_sweep_progress sweep;
};
void rp_core_stats(const struct rp_core *core, struct rp_core_stats *ret_stats);

/* Parses a request's body into the batch's items: what the HTTP door, the library and `import`
 * share. EINPUT only when it is not JSON. Texts borrow from `body`, which must outlive the batch.
 * The envelope gets sentAt and context of a batch. ret_request (may be NULL) tells the write key of
 * the body. */
int rp_batch_parse(struct rp_batch *batch, struct rp_str body, struct rp_envelope *envelope,
                   struct rp_request *ret_request, struct rp_err *err);
/* The second half of it, for a door that must see the write key first: `request` comes from
 * rp_request_parse into the batch's arena. */
void rp_batch_items(struct rp_batch *batch, const struct rp_request *request,
                    struct rp_envelope *envelope);
/* {"success":true,"accepted":n,"duplicates":n,"rejected":[{"index","code","message"}]} */
struct rp_buf;
void rp_batch_answer(const struct rp_batch *batch, struct rp_buf *out);
struct rp_batch *rp_batch_new(void);
void rp_batch_free(struct rp_batch *batch);  /* NULL: no effect */
void rp_batch_reset(struct rp_batch *batch); /* as new, but keeps memory for the next request */

#endif
