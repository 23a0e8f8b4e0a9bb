/* SPDX-License-Identifier: MIT */
/* Questions about leads, answered from the file alone: own read-only connection, own rules (those
 * of the active generation, or of a directory), own virtual machine. Used by the command line, by
 * the API's workers and by the library. One thread at a time. Answers are exact at the moment of
 * reading: states of another generation or behind the newest event are folded again from the
 * events. */
#ifndef RP_CORE_READER_H
#define RP_CORE_READER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "engine/ruleset.h"
#include "store/db.h"

enum rp_format { RP_FORMAT_TEXT, RP_FORMAT_JSON };

struct rp_reader;

/* rules NULL: those of the active generation, loaded again when it changes. A borrowed store (of a
 * core, on its thread) is used instead of opening `db_path` when `store` is not NULL. */
int rp_reader_open(const char *db_path, struct rp_store *store, const struct rp_rules *rules,
                   struct rp_reader **ret_reader, struct rp_err *err);
void rp_reader_close(struct rp_reader *reader);

/* Answers are given as this model sees the lead, from here on; "": as the control does. A name that
 * the rules do not have is ENOTFOUND at the next question. The text is borrowed. */
void rp_reader_model(struct rp_reader *reader, struct rp_str name);

struct rp_leads_query {
    struct rp_str stage;   /* "" : all */
    struct rp_str status;  /* "attempting", "mql.attempting"; "": all */
    struct rp_str segment; /* of the active rules; "": all */
    struct rp_str owner;   /* whose leads; "-": those without an owner; "": all */
    struct rp_str sort;    /* "score" (default), "recent", "created" */
    size_t limit;          /* 0: 50; at most 10,000, and RP_EXPORT_LEADS_MAX in lists and CSV */
    int64_t now_ms;
    size_t columns; /* of the terminal that the table is for; 0: none, nothing is cut */
    bool set_aside; /* those set aside, and no others; by lead */
};
/* The same leads as CSV with a heading; `flush`, when there is one, takes what stands on out and
 * empties it, now and then. limit 0: all. */
typedef int rp_flush_fn(void *ctx, struct rp_buf *out, struct rp_err *err);
int rp_reader_leads_csv(struct rp_reader *reader, const struct rp_leads_query *query,
                        rp_flush_fn *flush, void *ctx, struct rp_buf *out, struct rp_err *err);
/* Their public ids, in the arena. limit 0: all. */
int rp_reader_lead_ids(struct rp_reader *reader, const struct rp_leads_query *query,
                       struct rp_arena *arena, struct rp_str **ret_ids, size_t *ret_count,
                       struct rp_err *err);
/* JSON: an array of LEAD without traits and time line (interfaces.md). Text: a table. */
int rp_reader_leads(struct rp_reader *reader, const struct rp_leads_query *query,
                    enum rp_format format, bool colour, struct rp_buf *out, struct rp_err *err);
/* LEAD with traits and the time line; ENOTFOUND with a sentence. */
int rp_reader_lead(struct rp_reader *reader, struct rp_str lead, int64_t now_ms,
                   enum rp_format format, bool colour, struct rp_buf *out, struct rp_err *err);
int rp_reader_explain(struct rp_reader *reader, struct rp_str lead, int64_t at_ms,
                      enum rp_format format, bool colour, struct rp_buf *out, struct rp_err *err);
/* `what` is a stage, a score rule or an action. ret_fires: it would. */
int rp_reader_why_not(struct rp_reader *reader, struct rp_str lead, struct rp_str what,
                      int64_t now_ms, enum rp_format format, struct rp_buf *out, bool *ret_fires,
                      struct rp_err *err);
/* All that is known of a lead, as JSON: LEAD, its deliveries, its events as they came, its rows in
 * other tables (store/copy.h). */
int rp_reader_export(struct rp_reader *reader, struct rp_str lead, int64_t now_ms,
                     struct rp_buf *out, struct rp_err *err);
/* Who gets no e-mail, the newest first. */
int rp_reader_suppressions(struct rp_reader *reader, size_t limit, enum rp_format format,
                           struct rp_buf *out, struct rp_err *err);
/* Compares every state on file with the fold of its lead's events; differences are told on out. */
struct rp_verified {
    size_t same, different,
        skipped; /* skipped: no state yet, behind the newest event, other rules */
};
int rp_reader_verify(struct rp_reader *reader, struct rp_verified *ret_verified, struct rp_buf *out,
                     struct rp_err *err);

/* What the database holds, counted with the reader's rules (engine/census.h), which must be given
 * to rp_reader_open. *ret_before: the rules that are active in the database (NULL: none that can be
 * loaded), to be freed with rp_rules_free when the census is no longer read. */
struct rp_census;
int rp_reader_census(struct rp_reader *reader, struct rp_arena *arena, int64_t now_ms,
                     struct rp_census *ret_census, struct rp_rules **ret_before,
                     struct rp_err *err);

/* The leads of `try`: array elements of an array that is open in jw, or text onto out. */
struct rp_jw;
int rp_reader_try(struct rp_reader *reader, const int64_t *leads, size_t lead_count, int64_t now_ms,
                  enum rp_format format, bool colour, struct rp_jw *jw, struct rp_buf *out,
                  struct rp_err *err);

#endif
