/* SPDX-License-Identifier: MIT */
/* The one way in which rules and configuration change while the server runs. The watcher, the
 * sweep, SIGHUP, `POST /api/reload` and `ripen rules activate` all end here; each gets the result
 * of what it asked for. One candidate at a time; none is dropped. Loop thread. */
#ifndef RP_DAEMON_RELOAD_H
#define RP_DAEMON_RELOAD_H

#include "base/buf.h"
#include "daemon/candidate.h"
#include "daemon/writer.h"

#include <uv.h>

struct rp_reload_options {
    uv_loop_t *loop;
    struct rp_writer *writer;
    struct rp_clock clock;
    const char *db_path, *rules_dir, *config_path;
    struct rp_guards guards;
    /* What is in force at the start; its configuration lives as long as the program. */
    struct rp_in_force start;
    /* Takes another configuration (which lives until the next one was taken); EINPUT when it cannot
     * be used, and then the old one stays. */
    int (*configure)(void *ctx, const struct rp_config *config, struct rp_err *err);
    void *ctx;
};

struct rp_reload;

struct rp_reload *rp_reload_new(const struct rp_reload_options *options);
/* Whoever still waits is answered 503; nothing begins any more. Closes the handles. */
void rp_reload_stop(struct rp_reload *reload);
/* After the loop has ended and the writer was joined. NULL: no effect. */
void rp_reload_free(struct rp_reload *reload);

/* The result: 200 in force or unchanged, 404 no such generation, 409 held by a guard, 422 refused
 * with findings, 503 nothing could be found out; and a JSON object. */
typedef void rp_reload_answer_fn(void *ctx, int http_status, struct rp_str json);

struct rp_reload_ask {
    bool stored;                 /* activate a generation of the store, */
    uint32_t generation;         /*   this one; 0: the one before */
    bool force;                  /* past the guards */
    struct rp_str disable;       /* stored: and without these rules, a line each */
    struct rp_str reason;        /* with disable: why */
    struct rp_str author;        /* "": found out */
    rp_reload_answer_fn *answer; /* NULL: nobody waits; else called once */
    void *ctx;
};
void rp_reload_ask(struct rp_reload *reload, const struct rp_reload_ask *ask);

const struct rp_in_force *rp_reload_active(const struct rp_reload *reload);

struct rp_reload_stats {
    uint64_t active, unchanged, held, refused, failed; /* ended candidates */
    int64_t last_ms;                                   /* when the last one ended; 0: none yet */
    int64_t load_us, swap_us; /* of the last one that came into force: made ready; the pause */
    int64_t swap_max_us;
    int64_t edit_us;  /* from the first notice of the change to its being in force */
    bool busy, blind; /* a candidate is under way; folders cannot be watched */
};
void rp_reload_stats(const struct rp_reload *reload, struct rp_reload_stats *ret_stats);
/* The answer of the last candidate that was not unchanged, as JSON; "" when there was none. */
struct rp_str rp_reload_last(const struct rp_reload *reload);

#endif
