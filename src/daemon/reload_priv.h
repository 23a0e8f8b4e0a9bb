/* SPDX-License-Identifier: MIT */
/* What the files of reload share: who waits, the attempt under way, and the words for its end. */
#ifndef RP_DAEMON_RELOAD_PRIV_H
#define RP_DAEMON_RELOAD_PRIV_H

#include "daemon/coalesce.h"
#include "daemon/reload.h"
#include "daemon/watch.h"

struct rp_waiter {
    struct rp_waiter *next;
    uint64_t load; /* RELOAD: the number of the load that answers */
    struct rp_reload_ask ask;
    char *author, *disable, *reason;
};

struct rp_attempt {
    struct rp_reload *reload;
    struct rp_candidate candidate;
    uv_work_t work;
    struct rp_errand errand;
    struct rp_waiter
        *waiter;      /* who asked for a stored generation; NULL: whoever waits for the disk */
    char author[256]; /* a copy: whoever waits may be answered before the worker is done */
    uint32_t number;  /* in the store */
    int64_t began_us, noticed_us;
};

struct rp_reload {
    struct rp_reload_options options;
    struct rp_in_force active;
    struct rp_coalesce coalesce;
    struct rp_watch *watch;
    uv_timer_t due, sweep_timer;
    struct rp_attempt *under_way;
    struct rp_waiter *disk, **disk_end, *stored, **stored_end;
    struct rp_arena config_arena; /* of the configuration in force, when it was reloaded */
    char sight[27];               /* of the files when they were last read */
    int64_t unsettled_ms;         /* since when they have been written; 0: they are not */
    int64_t noticed_us;           /* the first notice of what the next load will see; 0: none */
    struct rp_buf last;
    struct rp_reload_stats stats;
    bool sweeping, stopped;
};

/* reload.c: the attempt is over: whoever waited for it hears, it is freed, the next one begins. */
void rp_attempt_end(struct rp_attempt *attempt);
/* reload_apply.c: what is ready comes into force; what was held or refused is kept in the store.
 * Both lead to rp_attempt_end. */
void rp_attempt_swap(struct rp_attempt *attempt);
void rp_attempt_keep(struct rp_attempt *attempt);
/* reload_answer.c: the result as JSON, as an HTTP status, and in the log. */
void rp_attempt_answer(const struct rp_attempt *attempt, struct rp_buf *out);
int rp_attempt_status(const struct rp_candidate *candidate);
void rp_attempt_log(const struct rp_attempt *attempt);

#endif
