/* SPDX-License-Identifier: MIT */
/* What the reader's files share: one lead seen at a moment, with everything that its answers need.
 */
#ifndef RP_CORE_READER_PRIV_H
#define RP_CORE_READER_PRIV_H

#include "base/json_write.h"
#include "core/experiment.h"
#include "core/history.h"
#include "core/reader.h"
#include "core/recent.h"
#include "core/view_sequences.h"
#include "engine/fold.h"
#include "engine/vm.h"
#include "store/assignments.h"
#include "store/decisions.h"
#include "store/identities.h"
#include "store/outbox.h"
#include "store/timers.h"

struct rp_reader {
    struct rp_store *store;
    bool owns_store, owns_rules;
    const struct rp_rules *rules;
    struct rp_rules *own_rules;
    struct rp_vm *vm;
    struct rp_arena arena;        /* of what is shown next */
    struct rp_arena recent_arena; /* of the question */
    struct rp_recent recent;
    struct rp_str model_name; /* asked for; "": the control */
    uint32_t model;
    struct rp_trying trying; /* experiments that run: whose model acts on whom */
};

/* The model that a lead is seen with: the one asked for, else the one that acts on it. */
uint32_t rp_reader_model_of(const struct rp_reader *reader, const struct rp_lead *lead);

/* A question: one snapshot, the active rules, an empty arena; `end` passes the status on. */
int rp_reader_begin(struct rp_reader *reader, struct rp_err *err);
int rp_reader_end(struct rp_reader *reader, int status);

/* A lead at a moment, folded from its events. Lives in the reader's arena until rp_view_close. */
struct rp_view {
    struct rp_lead lead;
    struct rp_fold fold;
    struct rp_history history;
    struct rp_explain *explain;
    struct rp_decision decision; /* grants and faults of all events up to the moment */
    uint32_t *fired;             /* [score rule]: events at which it gave points */
    struct rp_identity *nodes;
    size_t node_count;
    struct rp_move_row *moves;
    size_t move_count;
    struct rp_status_row *statuses;
    size_t status_count;
    struct rp_assignment_row *assignments;
    size_t assignment_count;
    struct rp_view_sequences sequences;
    struct rp_outbox_row *actions;
    size_t action_count;
    const char *suppressed; /* why no e-mail goes to the lead; NULL: it may */
    int64_t at_ms;
};

int rp_view_open(struct rp_reader *reader, int64_t lead, int64_t at_ms, struct rp_view *ret_view,
                 struct rp_err *err);
void rp_view_close(struct rp_view *view);
struct rp_str rp_view_node(const struct rp_view *view, enum rp_node_kind kind); /* first; "" */
struct rp_str rp_view_stage(const struct rp_view *view);
struct rp_str rp_view_owner(const struct rp_view *view); /* at the moment; "": nobody */

int rp_view_load_suppressed(struct rp_reader *reader, struct rp_view *view, struct rp_err *err);
/* reader_consent.c: "consent" and "suppressed", as members and as lines. */
void rp_view_consent_json(const struct rp_view *view, struct rp_jw *jw);
void rp_view_consent_text(const struct rp_view *view, struct rp_buf *out);

/* The members of LEAD; `whole`: with traits and time line. */
void rp_view_json(struct rp_view *view, bool whole, struct rp_jw *jw);
void rp_view_text(struct rp_view *view, bool colour, struct rp_buf *out);
/* A line of the table of leads, and its head; columns as in struct rp_leads_query. */
void rp_view_row(struct rp_view *view, size_t columns, struct rp_buf *out);
void rp_view_row_head(size_t columns, bool colour, struct rp_buf *out);
/* Actions that may not go out, with the reason; nothing when there are none. */
void rp_view_held_text(const struct rp_view *view, struct rp_buf *out);
bool rp_view_was_held(const struct rp_view *view, const struct rp_outbox_row *row);
void rp_view_explain_head(struct rp_view *view, struct rp_jw *jw);
/* The profile as merged from the events: key and raw JSON, in order of first appearance. */
void rp_view_traits(struct rp_view *view, struct rp_jw *jw);

#endif
