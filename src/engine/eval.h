/* SPDX-License-Identifier: MIT */
/* Inside the evaluation: the scratch of one fold, values bound to slots, and the functions that its
 * files share. Only files of the evaluation include this; others use fold.h. */
#ifndef RP_ENGINE_EVAL_H
#define RP_ENGINE_EVAL_H

#include "base/json_write.h"
#include "engine/fold.h"
#include "engine/index.h"
#include "engine/timers.h"

/* ---- Values ---------------------------------------------------------------------------------- */

/* One scalar. Its folded text and the number inside its text are made when first asked for. */
struct rp_atom {
    uint8_t type; /* RP_BOOL, RP_NUMBER, RP_STRING; RP_OBJECT exists and equals nothing */
    bool folded_made, number_made, has_number;
    struct rp_str text, folded;
    double number;
};

/* What a slot holds; several atoms when the value is a list. Never empty. */
struct rp_value {
    struct rp_atom *atoms;
    uint32_t count;
};

/* A slot's value for the event or moment of `epoch`; an older epoch means nothing is known yet. */
struct rp_slot {
    uint64_t epoch;
    struct rp_value value; /* count 0: unknown */
    struct rp_atom one;    /* storage of a single atom */
    uint32_t cap;
    uint16_t rank;
};

/* A trait that the event at hand brings. */
struct rp_trait_hit {
    uint64_t epoch;
    uint32_t prop;
    uint16_t rank;
};

enum rp_truth { RP_FALSE, RP_TRUE, RP_UNKNOWN };

struct rp_scratch {
    const struct rp_rules *rules;
    const struct rp_index *index;
    struct rp_fold *fold;
    struct rp_arena *arena;

    /* What conditions are judged against. */
    const struct rp_lead *lead;
    const struct rp_event *event; /* NULL: a moment */
    int64_t now_ms;
    uint32_t model;
    bool profile_only; /* a fit is read: the event's own values do not count */

    uint64_t epoch;
    struct rp_slot *slots;     /* [field] */
    struct rp_trait_hit *hits; /* [field] */
    uint32_t *hit_fields;
    uint32_t hit_count;
    uint32_t touch_props[RP_TOUCH_SOURCES]; /* 0: none */
    uint32_t *kinds;                        /* of the event */
    uint32_t kind_count;
    uint64_t kinds_of;             /* the epoch that they belong to */
    uint64_t *kind_epoch;          /* [kind] */
    uint32_t *candidates, *merged; /* [score] */
    uint64_t *counter_epoch;       /* [counter] */
    int64_t day;                   /* of the event in the lead's time zone */
    uint64_t day_of;               /* the epoch that it belongs to */
    int64_t *before;               /* [crossing]: value before the event … */
    int64_t *before_day;           /* … and 24 h earlier, as of then */
    uint64_t before_of;            /* the epoch that they belong to */
    uint64_t unadjusted_of;        /* the epoch in which the lead is known to have no adjustment */
    int64_t *held;                 /* [index->held]: as of the bound event, before it */
    int64_t since_ms; /* a sequence's condition is asked: `did` counts since its start; 0: not */
    bool in_status;   /* a status's condition is asked: `did` counts since its entry */
    const struct rp_lead *kept_before; /* its values before a late event are known already */
    struct rp_buf facts;               /* what this decision sets, open while facts.len > 0 */
    struct rp_jw facts_jw;
};

/* ---- bind.c ------------------------------------------------------------------------------------
 */

/* Starts a new epoch for this lead and event (NULL: none) and binds the event's values. */
void rp_bind_event(struct rp_scratch *s, const struct rp_lead *lead, const struct rp_event *event,
                   int64_t now_ms);
/* The value of a slot, NULL when unknown. Valid until the next epoch. */
const struct rp_value *rp_bind_value(struct rp_scratch *s, uint32_t field);
/* Forgets what was read of the lead's profile (its cells changed). */
void rp_bind_forget(struct rp_scratch *s, uint32_t field);
struct rp_str rp_atom_text(struct rp_scratch *s, struct rp_atom *atom);   /* as written */
struct rp_str rp_atom_folded(struct rp_scratch *s, struct rp_atom *atom); /* for comparison */
bool rp_atom_number(struct rp_atom *atom, double *ret_number);            /* also inside text */
/* A value as a person reads it: "a, b". */
struct rp_str rp_value_text(struct rp_scratch *s, const struct rp_value *value);
bool rp_value_number(const struct rp_value *value, double *ret_number); /* the first that has one */
/* The field of the lead with this key ("company.employees"), RP_NONE when no rule reads it. */
uint32_t rp_lead_key_field(const struct rp_rules *rules, struct rp_str key);
/* The kinds of the bound event, into s->kinds; once an epoch, after its traits are merged. */
void rp_bind_kinds(struct rp_scratch *s);

/* ---- profile.c ---------------------------------------------------------------------------------
 */

/* Merges the bound event's traits into the lead's cells; true when one changed. */
bool rp_profile_merge(struct rp_scratch *s, struct rp_lead *lead);
/* Sets the touches that the bound event brings; `was_known`: before this event; *touched: an event
 * brought one before. True when the profile changed. */
bool rp_profile_touch(struct rp_scratch *s, struct rp_lead *lead, bool was_known, bool *touched);
bool rp_profile_known(const struct rp_rules *rules, const struct rp_lead *lead);
/* Reads a trait's cell into the slot. */
void rp_profile_read(struct rp_scratch *s, const struct rp_lead *lead, uint32_t field,
                     struct rp_slot *slot);
/* A trait that no rule names (only with rules->keeps_traits). */
bool rp_profile_other(struct rp_scratch *s, const struct rp_lead *lead, struct rp_str name,
                      struct rp_scalar *ret_value);
/* Writes atoms as a trait's cell (count 0 removes it); true when it changed. */
bool rp_profile_write(struct rp_scratch *s, struct rp_lead *lead, uint32_t field,
                      struct rp_atom *atoms, uint32_t count);

/* A member of the JSON object of facts that actions set, "mql_touch.source" included. */
void rp_facts_read(struct rp_scratch *s, struct rp_str key, struct rp_slot *slot);

/* ---- touch.c -----------------------------------------------------------------------------------
 */

/* Where the bound event came from. False when it tells nothing about it and shows no page. */
struct rp_touch_values {
    struct rp_str attrs[RP_TOUCH_ATTRS]; /* "" : not told */
    bool attributed;                     /* a campaign or another site's referrer */
};
bool rp_touch_of_event(struct rp_scratch *s, struct rp_touch_values *ret_touch);

/* ---- predicate.c --------------------------------------------------------------------------------
 */

enum rp_truth rp_match(struct rp_scratch *s, const struct rp_matcher *matcher,
                       const struct rp_value *value);
enum rp_truth rp_cond_eval(struct rp_scratch *s, const struct rp_cond *cond);
/* How many (days) a COUNT condition finds, how many fields a FILLED one: for the words of why-not.
 */
uint32_t rp_cond_count(const struct rp_scratch *s, const struct rp_cond *cond);
uint32_t rp_cond_filled(struct rp_scratch *s, const struct rp_cond *cond);
/* The value of a lookup's column for the bound event. */
void rp_lookup_read(struct rp_scratch *s, uint32_t field, struct rp_slot *slot);

/* ---- counter.c ------------------------------------------------------------------------------- */

/* Adds the bound event to the counters that take it. */
void rp_counters_add(struct rp_scratch *s, struct rp_lead *lead);

/* Which entries a question is about. */
struct rp_span {
    int64_t after_ms, until_ms; /* effective time in (after, until] */
    int64_t received_ms;        /* receivedAt at or behind it; RP_NEVER: any */
};
struct rp_span rp_span_within(int64_t now_ms, int64_t within_ms); /* 0: ever */
/* Entries (visits, values) in the span; at most what the counter keeps. */
uint32_t rp_counter_count(const struct rp_scratch *s, uint32_t counter, const struct rp_span *span);
uint32_t rp_counter_days(const struct rp_scratch *s, uint32_t counter, const struct rp_span *span);
/* Effective time of the newest entry, RP_NEVER when there is none. */
int64_t rp_counter_newest(const struct rp_scratch *s, uint32_t counter);
/* When the entries (or `days` of them) within the window behind `now` become fewer than n by time
 * alone; INT64_MAX when they are fewer already, or n is 0. */
int64_t rp_counter_falls(const struct rp_scratch *s, uint32_t counter, int64_t within_ms, bool days,
                         uint32_t n);
/* A measure of a fit or of `past`; false when it is unknown. */
bool rp_measure(const struct rp_scratch *s, enum rp_measure measure, uint32_t counter,
                int64_t within_ms, double *ret_value);

/* ---- decay.c --------------------------------------------------------------------------------- */

int64_t rp_round_milli(double thousandths); /* half away from zero */
/* The share of a contribution that is left after age_ms. */
double rp_decay_share(const struct rp_decay *decay, int64_t age_ms);
/* An accumulator in a cell: adds a grant at t; reads the value at t, in thousandths. */
void rp_sum_grant(struct rp_lead *lead, uint32_t key, const struct rp_decay *decay, int64_t t_ms,
                  int64_t granted);
double rp_sum_value(const struct rp_lead *lead, uint32_t key, const struct rp_decay *decay,
                    int64_t t_ms);
/* The same under a text key, for a dimension `by` a field. False when the lead holds too many keys.
 */
bool rp_sum_by_grant(struct rp_arena *arena, struct rp_lead *lead, uint32_t key,
                     const struct rp_decay *decay, int64_t t_ms, int64_t granted,
                     struct rp_str text);
/* Walks the keys: pass *at = 0 first; false at the end. The text borrows from the cell. */
bool rp_sum_by_next(const struct rp_lead *lead, uint32_t key, const struct rp_decay *decay,
                    int64_t t_ms, uint32_t *at, struct rp_str *ret_text, double *ret_value);

/* What a sum holds in a cell (of one key), for bounds of its value at a later time. */
struct rp_sum_part {
    const struct rp_decay *decay;
    const uint8_t *payload;
    uint32_t len;
};
bool rp_sum_part(const struct rp_lead *lead, uint32_t key, const struct rp_decay *decay,
                 struct rp_sum_part *ret_part);
bool rp_sum_by_part(const struct rp_lead *lead, uint32_t key, const struct rp_decay *decay,
                    uint32_t *at, struct rp_str *ret_text, struct rp_sum_part *ret_part);
/* Of a sum that fades by half-lives: -1, 0, 1. */
int rp_sum_part_sign(const struct rp_sum_part *part);
/* Its value with what is positive as of one time and what is negative as of another. */
double rp_sum_part_value(const struct rp_sum_part *part, int64_t plus_ms, int64_t minus_ms);

/* ---- points.c -------------------------------------------------------------------------------- */

/* A rule hit: cuts it, grants, remembers. share: of test, 1 without. */
struct rp_hit {
    uint32_t rule;
    double share;
    struct rp_str evidence;
};
/* True when it gave points in the fold's model. */
bool rp_points_grant(struct rp_scratch *s, struct rp_lead *lead, const struct rp_hit *hit,
                     struct rp_decision *decision);

/* A base under other rules (base_fold.c). The sum that a rule's points of a dimension go into (of a
 * rule that is gone, RP_NONE, the dimension's first); RP_NONE: it has none. */
uint32_t rp_points_sum(const struct rp_scratch *s, uint32_t rule, uint32_t dim);
/* Adds what was granted at the bound event's time, in s->model, without asking the rule. */
bool rp_points_restore(struct rp_scratch *s, struct rp_lead *lead, uint32_t rule, uint32_t dim,
                       int64_t granted, struct rp_str key);
/* Puts the contents of a rule cell and a once cell back, as far as the rule asks for them. */
void rp_points_recall(struct rp_scratch *s, struct rp_lead *lead, uint32_t rule, struct rp_str hits,
                      struct rp_str once);

/* ---- fit.c ----------------------------------------------------------------------------------- */

/* What one fit rule gives now, thousandths; false when it gives no row. ret_evidence may be NULL.
 */
bool rp_fit_points(struct rp_scratch *s, uint32_t fit, int64_t *ret_points,
                   struct rp_str *ret_evidence);
/* The band of a fit rule that counts now, 0 of a `when` that holds; RP_NONE: none. */
uint32_t rp_fit_band(struct rp_scratch *s, uint32_t index);
/* The sum over the fit rules of a state dimension, not cut to its range. */
int64_t rp_fit_sum(struct rp_scratch *s, uint32_t dim);
/* An `exclude` holds for the profile: state dimensions are 0. */
bool rp_fit_excluded(struct rp_scratch *s);
/* Recomputes the kept values of dimensions that change with the profile alone. */
void rp_fit_store(struct rp_scratch *s, struct rp_lead *lead);

/* ---- score.c: against s->lead, s->model, s->now_ms ------------------------------------------- */

/* The scores of a dimension `by` a field, one for each value seen, in the order first granted. */
struct rp_by_score {
    struct rp_str key, folded;
    double exact;  /* not rounded */
    int64_t value; /* in range */
};
uint32_t rp_score_by(struct rp_scratch *s, uint32_t dim, struct rp_by_score **ret_scores);

int64_t rp_score_raw(struct rp_scratch *s, uint32_t dim);  /* rounded, not cut to the range */
int64_t rp_score_read(struct rp_scratch *s, uint32_t dim); /* RP_NONE: the total */
int64_t rp_score_clamp(const struct rp_dim *dim, int64_t value);
struct rp_str rp_score_grade(struct rp_scratch *s);
void rp_score_json(struct rp_scratch *s, struct rp_jw *jw);
struct rp_str rp_score_top(struct rp_scratch *s, uint32_t dim); /* its best key; "" without one */
/* "top" and "values" of a dimension `by` a field, as members of an open object. */
void rp_score_by_json(struct rp_scratch *s, uint32_t dim, struct rp_jw *jw);

/* ---- judge.c --------------------------------------------------------------------------------- */

/* The stages with the thresholds of the fold's model. */
const struct rp_stage *rp_stages_acting(const struct rp_fold *fold);
/* status.c: the status that follows from a stage just entered, from the events or from time. */
void rp_judge_status(struct rp_scratch *s, struct rp_lead *lead, struct rp_decision *decision);
/* fold.c: what crossed(…) compares with, as of a moment. */
void rp_read_before(struct rp_scratch *s, int64_t ms);
/* The name of a condition, as rules write it; of any{…} and all{…} that of the part that decided.
 */
const char *rp_cond_decided(struct rp_scratch *s, const struct rp_cond *cond);
/* Opens the object of facts that the decision sets. */
void rp_facts_open(struct rp_scratch *s);

/* ---- owner.c, assign.c ------------------------------------------------------------------------
 */

/* The owner that the judged event brings, before stages; the one who answered Lead Rejected, behind
 * them. */
void rp_owner_of_event(struct rp_scratch *s, struct rp_lead *lead, struct rp_decision *decision);
void rp_owner_refused(struct rp_scratch *s, struct rp_lead *lead, struct rp_decision *decision);
/* Changes the lead's owner ("": nobody); NULL when the decision holds no more of these. */
struct rp_assignment *rp_owner_change(struct rp_scratch *s, struct rp_lead *lead,
                                      struct rp_str name, struct rp_decision *decision);
/* The name as a team spells it, and the first such team (RP_NONE: none). */
struct rp_str rp_owner_spelled(const struct rp_rules *rules, struct rp_str folded,
                               struct rp_str name, uint32_t *ret_team);
/* An action's `assign`: sets intent->body and, when nobody can take the lead, intent->held. */
void rp_assign(struct rp_scratch *s, struct rp_lead *lead, const struct rp_action_part *part,
               struct rp_intent *intent, struct rp_decision *decision);
/* A task's owner, team and due time. */
void rp_task_owner(struct rp_scratch *s, const struct rp_action_part *part,
                   struct rp_intent *intent);

/* ---- correct.c ------------------------------------------------------------------------------- */

/* Points given by hand that stand in a dimension at s->now_ms, thousandths. */
int64_t rp_adjusted(struct rp_scratch *s, uint32_t dim);
/* The next moment behind now_ms at which some of them end; false: none. */
bool rp_adjusted_next_end(const struct rp_lead *lead, int64_t now_ms, int64_t *ret_ms);
/* Takes the bound event if it is a Score Adjusted; decision->adjusted, or a fault that says why. */
void rp_adjust(struct rp_scratch *s, struct rp_lead *lead, struct rp_decision *decision);
/* Points by hand out of a base, unless they ended by now_ms. */
void rp_adjust_restore(struct rp_scratch *s, struct rp_lead *lead, uint32_t dim, int64_t granted,
                       int64_t until_ms, int64_t now_ms);
/* Whether an Event Voided that was folded before names the event. */
bool rp_voided(const struct rp_lead *lead, const struct rp_event *event);
/* Remembers what the event voids, if it is an Event Voided; true: it voids something. */
bool rp_void(struct rp_lead *lead, const struct rp_event *event, struct rp_fold *fold,
             struct rp_decision *decision);
/* Takes the bound event if it is a Stage Set: true, and then no rule moves the lead for it. */
bool rp_stage_set(struct rp_scratch *s, struct rp_lead *lead, struct rp_decision *decision);

/* ---- moments.c: when time alone changes a condition; cells as they are ------------------------
 */

struct rp_moment {
    int64_t at_ms; /* RP_MOMENT_NOW, RP_MOMENT_NEVER */
    enum rp_timer_kind kind;
};
#define RP_MOMENT_NOW   INT64_MIN /* it is so now, and not since some moment that can be told */
#define RP_MOMENT_NEVER INT64_MAX

/* A moment before which the condition does not become true (want) or untrue (!want) behind from_ms,
 * and at which one has to look; at or before from_ms: since then time alone has made it so. */
struct rp_moment rp_cond_next(struct rp_scratch *s, const struct rp_cond *cond, bool want,
                              int64_t from_ms);
/* Whether time alone may ever bring that about. */
bool rp_cond_is_timed(const struct rp_index *index, const struct rp_cond *cond, bool want);
/* When a state dimension's counts change their bands; RP_MOMENT_NEVER. */
int64_t rp_state_next(struct rp_scratch *s, uint32_t dim, int64_t from_ms);
/* When what a stage entered at since_ms owes is late. */
int64_t rp_due_ms(const struct rp_rules *rules, const struct rp_stage *stage, int64_t since_ms);
/* The same for a score: below the bound (down) or at least it. dim RP_NONE: the total. */
struct rp_moment rp_bound_next(struct rp_scratch *s, uint32_t dim, int64_t bound, bool down,
                               int64_t from_ms);

/* ---- held.c ---------------------------------------------------------------------------------- */

/* Of below {…, held}: since when its scores are below as of s->now_ms, RP_NEVER when they are not.
 * *ret_turn (may be NULL): a moment behind it before which that does not change. */
int64_t rp_held_since(struct rp_scratch *s, const struct rp_cond *cond, int64_t *ret_turn);
/* Around the fold of the bound event: before its effects with the newest effective time folded so
 * far (RP_NEVER: none), and behind them. */
void rp_held_before(struct rp_scratch *s, int64_t newest_ms);
void rp_held_behind(struct rp_scratch *s, struct rp_lead *lead);
/* The newest activity; the lead's beginning while there is none. */
int64_t rp_active_ms(const struct rp_lead *lead);
void rp_active_note(struct rp_scratch *s, struct rp_lead *lead);
/* The day that a status in which the lead is since `since_ms` wakes; RP_NEVER: it does not. */
int64_t rp_wake_ms(struct rp_scratch *s, const struct rp_status *status, int64_t since_ms);
void rp_wake_note(struct rp_scratch *s, struct rp_lead *lead);
/* Effective time of the newest event folded, RP_NEVER. */
int64_t rp_fold_newest(const struct rp_lead *lead);

/* ---- action.c, template.c -------------------------------------------------------------------- */

void rp_actions_run(struct rp_scratch *s, struct rp_lead *lead, struct rp_decision *decision);
/* One part of an action or step as an intent, unless it has an `unless` that holds. `head` says
 * whose part it is, and why; `purpose`: of a mail that names none. */
void rp_part_run(struct rp_scratch *s, struct rp_lead *lead, const struct rp_action_part *part,
                 const struct rp_intent *head, struct rp_str purpose, struct rp_decision *decision);
/* Whether what was decided is what the trigger waits for. */
bool rp_trigger_holds(struct rp_scratch *s, const struct rp_trigger *trigger,
                      const struct rp_decision *decision, bool even_when_passing);
struct rp_str rp_template_text(struct rp_scratch *s, const struct rp_template *template);
void rp_template_tree(struct rp_scratch *s, const struct rp_tree *tree, struct rp_jw *jw);

/* ---- mail.c ---------------------------------------------------------------------------------- */

/* False: the part's `unless` holds, and there is to be no intent. */
bool rp_mail_wanted(struct rp_scratch *s, const struct rp_email_part *part);
/* Fills body, purpose and, when it cannot go out, held. `purpose`: of what the part belongs to,
 * when it names none itself; "". */
void rp_mail_render(struct rp_scratch *s, const struct rp_email_part *part, struct rp_str purpose,
                    struct rp_intent *intent);

/* ---- sequence.c, sequence_hours.c -------------------------------------------------------------
 */

/* Ends, advances and starts sequences; behind stages, statuses and actions. */
void rp_sequences_run(struct rp_scratch *s, struct rp_lead *lead, struct rp_decision *decision);
/* Its step, which these rules may not know: NULL. */
const struct rp_sequence *rp_sequence_of(const struct rp_rules *rules, uint64_t id);
const struct rp_step *rp_step_of(const struct rp_sequence *sequence, uint64_t id);
/* The element that waits: the `passed`-th wait or branch of the step; NULL: there are fewer. */
const struct rp_step_item *rp_step_control(const struct rp_step *step, uint32_t passed);
/* Whether it may start now, or else from when on (RP_MOMENT_NEVER: not any more). */
int64_t rp_sequence_from_ms(const struct rp_sequence *sequence, const struct rp_lead *lead);
/* The first moment at or behind ms in the hours in which it may send. */
int64_t rp_sequence_opens(struct rp_scratch *s, const struct rp_sequence *sequence, int64_t ms);

/* ---- whynot.c -------------------------------------------------------------------------------- */

/* A leaf condition with the actual values: "fit is 12, needs 30". */
void rp_say_cond(struct rp_scratch *s, const struct rp_cond *cond, struct rp_buf *out);
/* The parts of a condition that fail: of all{…} the first, of any{…} each. */
void rp_say_failing(struct rp_scratch *s, const struct rp_cond *cond, struct rp_buf *out);

/* ---- fold.c ---------------------------------------------------------------------------------- */

/* The score rules that the bound event may hit, ascending, into s->candidates; how many. */
uint32_t rp_candidates(struct rp_scratch *s);
/* Room for one more in a list of the decision. */
struct rp_grant *rp_decision_grant(struct rp_arena *arena, struct rp_decision *decision);
struct rp_move *rp_decision_move(struct rp_arena *arena, struct rp_decision *decision);
struct rp_intent *rp_decision_intent(struct rp_arena *arena, struct rp_decision *decision);
struct rp_sequence_change *rp_decision_sequence(struct rp_arena *arena,
                                                struct rp_decision *decision);
struct rp_fault *rp_decision_fault(struct rp_arena *arena, struct rp_decision *decision);

#endif
