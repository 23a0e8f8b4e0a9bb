/* SPDX-License-Identifier: MIT */
/* The simulation: what is known of a seed's world, in memory that the lives of its process share.
 * A life is a process that owns the core and ends by a crash or on purpose; the next one goes on
 * with the next step. Everything in struct sim outlives a life: what was sent and acknowledged,
 * which rules are written, what stood on record when it was last looked at. */
#ifndef RP_TESTS_SIM_H
#define RP_TESTS_SIM_H

#include "base/buf.h"
#include "core/core.h"
#include "core/reader.h"
#include "disk.h"
#include "random.h"

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

enum {
    MESSAGES_MAX = 4096,
    JSON_MAX = 600,
    LEADS_MAX = 2048,
    RECORDS_MAX = 8192,
    SWAPS_MAX = 512,
    ADDRESSES_MAX = 16,
    SCOPES = 4,
    KEEP_DAYS = 25,
    LIFE_AGAIN = 72, /* a life that ends on purpose */
};

/* What the sender knows of a message. */
enum known {
    UNSENT,
    MAYBE,     /* no answer came */
    REJECTED,  /* it is malformed */
    ACCEPTED,  /* acknowledged */
    FORGOTTEN, /* acknowledged, and its person was forgotten */
    COMPACTED, /* acknowledged, and older than what this seed keeps */
};

struct message {
    char json[JSON_MAX];
    uint8_t known;
    bool is_public, malformed;
    bool shared; /* its id was also sent under another identity */
    uint16_t copies;
    int64_t effective_ms; /* in the store, when it was last looked at; 0: not looked at yet */
};

/* The numbers that a rules file is written with. */
struct knobs {
    int variant; /* which decay, which parts; kept through a seed's edits */
    int points[8], cap, threshold, held_days, half_life;
    bool renamed, models, without_pricing, extra;
    bool files; /* weights, a list and a table for lookup stand beside the rules */
    int staff, deep, liked;
    int pause_hours, until_days;     /* waits of the sequence "welcome" */
    bool without_extra, without_all; /* its step "extra" is gone; all of it is */
};

/* From here on these rules were in force, or another life began. */
struct swap {
    int64_t generation;
    int64_t last_move, last_step, last_event; /* what is behind these is of this generation */
    int pause_hours, until_days;
    bool without_extra, without_all, history;
};

/* What is known of something that was asked for: an answer may be lost with a life. */
enum doubt { NO, PERHAPS, YES };

/* A row of an append-only table as it was seen first. */
struct record {
    uint64_t hash;
    int64_t lead;
    uint8_t state; /* 0 not seen, 1 seen, 2 gone with its person */
};

struct sim {
    unsigned seed;
    int step, steps;
    uint64_t random, disk_random;
    bool verbose, cuts, lying;
    int64_t now_ms, newest_ms; /* the clock, and the latest moment that it ever showed */
    int64_t back_ms;           /* what is later than this happened in the order of its times */
    int lives, crashes, power_cuts, acknowledged, checks, timers, actions, merges, swaps_done,
        compacted, sequences, stuck, mails;
    int users, anonymous, emails;
    bool history;    /* this life imports history */
    bool workers;    /* this seed sweeps, with a thread: it repeats less exactly */
    bool ahead;      /* in this seed groups are synced later, as a server does it */
    bool keeps;      /* this seed keeps its events for KEEP_DAYS only */
    bool forgetting; /* a person is being forgotten */
    struct knobs knobs, knobs_before;
    struct message messages[MESSAGES_MAX];
    int message_count;
    struct record moves[RECORDS_MAX], statuses[RECORDS_MAX], events[RECORDS_MAX],
        outbox[RECORDS_MAX];
    struct {
        bool done;
        int64_t lease_ms; /* it is out until then; 0: it is not */
        uint64_t hash;    /* of what was given out; 0: never was */
    } deliveries[RECORDS_MAX];
    int8_t arms[LEADS_MAX];                /* dealt by the experiment, and 1; 0: not seen yet */
    bool seen[LEADS_MAX], gone[LEADS_MAX]; /* leads that ever were; that were forgotten */
    unsigned staff;                        /* a bit for each number of staff that rules ever had */
    uint8_t suppressed[ADDRESSES_MAX], paused[SCOPES]; /* enum doubt */
    struct swap swaps[SWAPS_MAX];
    int swap_count;
    char doing[100]; /* the step under way */
    char failure[4000];
};

/* Of the life that is going on. */
struct life {
    struct rp_core *core;
    sqlite3 *sql; /* a connection of the checkers' own */
};

extern struct sim *sim;
extern struct life life;

void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int below(int limit);
bool chance(int percent);
void pass(int64_t ms); /* time, back too */

/* ---- rules.c ---- */
void knobs_make(struct knobs *ret_knobs);
void knobs_edit(struct knobs *knobs);
/* The rules as text; `broken`: with a mistake that a check finds. */
void rules_write(const struct knobs *knobs, bool broken, struct rp_buf *out);
/* Loads them and puts them in force; a refusal is a failure of the test, a fault of the disk is
 * not. */
int rules_put(const struct knobs *knobs, bool begin, struct rp_err *err);
void rules_refuse(void);
const char *rules_stage(const struct knobs *knobs, int which);

/* ---- rules_mail.c: sequences, e-mail, owners ---- */
void rules_mail(const struct knobs *knobs, struct rp_buf *out);
enum { MAILS_MAX = 1, MAILS_DAYS = 7, REENTER_DAYS = 8 };

/* ---- traffic.c ---- */
void traffic_step(void);
void resend_step(void);
void message_id(int number, char out[64]);
int message_number(const char *id); /* < 0: not one of ours */

/* ---- people.c: what people decide ---- */
void correction_step(void);
void experiment_begin(void);
void unmerge_step(void);
void forget_step(void);
void forget_settle(void); /* what is gone went with a lead that is gone */
void export_step(void);
void settle_table(const char *name, const char *sql, struct record *records);

/* ---- mail.c: what people decide about mail and sequences, and what may go out then ---- */
void suppress_step(void);
void pause_step(void);
void sequence_step(void);
void resume_all(void);
struct rp_outbox_row;
bool scope_covers(int scope, const struct rp_outbox_row *row);

/* ---- retention.c ---- */
void retention_step(void);
/* What is gone was older than what is kept. No effect when this seed keeps everything. */
void retention_settle(void);

/* ---- deliver.c ---- */
void deliver_step(void);
void timers_step(void);
void deliver_all(void); /* until nothing waits */

/* ---- check.c ---- */
int64_t ask(const char *sql, ...); /* the first column of the first row; arguments are int64_t */
typedef void row_fn(sqlite3_stmt *row);
void each(const char *sql, row_fn *take);
struct counts {
    int64_t moves, statuses, actions;
};
/* The rows of events that never change. */
const char *events_kept(void);
struct counts counts_now(void);
void expect_counts(const struct counts *before, const char *after_what);
void check_all(bool last);
void never(const char *what, const char *sql); /* a row of it is a failure */
void note_swap(void);                          /* the generation in force, from here on */
sqlite3_stmt *prepare(const char *sql);        /* of the checkers' connection */

/* ---- check_mail.c ---- */
struct rp_outbox_row;
void check_lease(const struct rp_outbox_row *row); /* it was just given out */
void check_mails(void);

/* ---- check_sequence.c ---- */
void check_sequences(void);
void check_stuck(void);   /* just after a swap */
void check_overdue(void); /* when all timers up to now were judged */

/* ---- steps.c ---- */
void live(void) __attribute__((noreturn));
/* What a failure of the store means here: a full disk is over when it is; after a failed sync the
 * process ends, and the power perhaps with it. */
void failed(int status, const struct rp_err *err, const char *what);

#endif
