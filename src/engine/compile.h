/* SPDX-License-Identifier: MIT */
/* From checked trees to compiled rules. One struct rp_compile a load; each compile_*.c adds its
 * part to rules. Only what concerns the meaning is reported here: the form was checked before. */
#ifndef RP_ENGINE_COMPILE_H
#define RP_ENGINE_COMPILE_H

#include "engine/check.h"
#include "engine/diagnose.h"
#include "engine/map.h"
#include "engine/ruleset.h"
#include "engine/tree.h"

#include <stdbool.h>
#include <stdint.h>

/* What a key without a prefix means. */
enum rp_bare { RP_BARE_EVENT, RP_BARE_LEAD, RP_BARE_CONTEXT };

struct rp_compile {
    struct rp_rules *rules;
    struct rp_arena *arena; /* of the load: scratch */
    struct rp_scope *scope;
    struct rp_diagnosis *diagnosis;
    const struct rp_files *files;
    struct rp_declared *declared;
    uint32_t count;
    const struct rp_node *weights; /* what weights.lua returned; NULL: there is none */

    struct rp_map fields, kinds, counters, dims, groups, stages, scores, fits, lists, lookups;
    struct rp_map segments;  /* to the number of its declaration */
    struct rp_map spellings; /* of traits: to the number in `traits` */
    struct rp_map facts;     /* names that actions set */
    struct rp_trait_names {
        struct rp_str name; /* canonical */
        struct rp_str *others;
        uint32_t other_count, other_cap;
    } * traits;
    uint32_t trait_count, trait_cap;
    uint32_t known_traits; /* the first of them: built in or declared by names {…} */
    size_t field_cap, kind_cap, counter_cap, sum_cap;
    bool *counter_all_time; /* [counter]: some use is without a window */
    size_t all_time_cap;

    enum rp_bare bare;           /* of the condition that is compiled now */
    bool facts_forbidden;        /* in score, fit and test: what rules decide cannot be read */
    struct rp_str what;          /* `score "x"`: for messages */
    const struct rp_cond *asked; /* the condition of the action whose texts are read now */
    uint32_t depth;              /* of segments within segments */
    bool with_tests;             /* compile `test` declarations too */
    bool *lists_used;            /* [list] */
};

/* Compiles everything; findings tell what went wrong. */
void rp_compile(struct rp_compile *compile);

/* Shared by the parts. */
struct rp_str rp_compile_keep(struct rp_compile *compile, struct rp_str text); /* in rules' arena */
void rp_compile_report(struct rp_compile *compile, enum rp_code code, struct rp_place place,
                       int width, struct rp_str hint, const char *fmt, ...) RP_PRINTF(6, 7);
struct rp_str rp_compile_print(struct rp_compile *compile, const struct rp_node *node);
void rp_compile_what(struct rp_compile *compile, const struct rp_declared *declared);
/* The next declaration of that kind behind *at that is fit to be compiled; NULL at the end. */
struct rp_declared *rp_compile_next(struct rp_compile *compile, const char *decl, uint32_t *at);

/* compile_field.c */
void rp_compile_traits(struct rp_compile *compile); /* aliases, names {…} */
uint32_t rp_compile_field(struct rp_compile *compile, struct rp_str name, struct rp_place place,
                          int width);
uint32_t rp_compile_lead_field(struct rp_compile *compile, struct rp_str name,
                               struct rp_place place, int width);

uint32_t rp_compile_owner_trait(struct rp_compile *compile);

/* compile_match.c */
void rp_compile_match(struct rp_compile *compile, const struct rp_node *node, uint32_t field,
                      struct rp_matcher *ret_match);
struct rp_scalar rp_compile_scalar(struct rp_compile *compile, const struct rp_node *node);

/* compile_cond.c: conditions, event kinds, counters */
struct rp_cond *rp_compile_cond(struct rp_compile *compile, const struct rp_node *node,
                                enum rp_bare bare);
uint32_t rp_compile_kind(struct rp_compile *compile, struct rp_str name, struct rp_place place);
uint32_t *rp_compile_kinds(struct rp_compile *compile, const struct rp_node *node,
                           uint32_t *ret_count);
void rp_compile_events(struct rp_compile *compile); /* event "x" { also = … } */
struct rp_bound *rp_compile_bounds(struct rp_compile *compile, const struct rp_node *table,
                                   uint32_t *ret_count);

/* compile_count.c */
struct rp_counting { /* what a count reads */
    enum rp_measure measure;
    uint32_t counter, field;
    int64_t within_ms;
    uint32_t *filled;
    uint32_t filled_count;
};
uint32_t rp_compile_counter(struct rp_compile *compile, enum rp_counter_op op, uint32_t *kinds,
                            uint32_t kind_count, const struct rp_node *where, uint32_t field);
/* Makes the counter keep what one more use of it needs. within_ms 0: all time. */
void rp_compile_counter_needs(struct rp_compile *compile, uint32_t counter, uint32_t keep,
                              int64_t within_ms, bool by_day, bool ever);
struct rp_counting rp_compile_counting(struct rp_compile *compile, const struct rp_node *node,
                                       uint32_t keep);

/* compile_dim.c, compile_rule.c, compile_stage.c, compile_action.c, compile_list.c … */
void rp_compile_dims(struct rp_compile *compile);
void rp_compile_groups(struct rp_compile *compile);
void rp_compile_grade(struct rp_compile *compile);
struct rp_decay rp_compile_decay(struct rp_compile *compile, const struct rp_node *body,
                                 struct rp_decay fallback);
uint32_t rp_compile_sum(struct rp_compile *compile, uint32_t dim, struct rp_decay decay);
void rp_compile_scores(struct rp_compile *compile);
void rp_compile_fits(struct rp_compile *compile);
void rp_compile_excludes(struct rp_compile *compile);
void rp_compile_stage_names(struct rp_compile *compile);
void rp_compile_stages(struct rp_compile *compile);
/* compile_status.c: calendars, and what belongs to a stage besides its conditions */
void rp_compile_reasons(struct rp_compile *compile);
void rp_compile_limits(struct rp_compile *compile); /* compile_limits.c */
void rp_compile_calendars(struct rp_compile *compile);
uint32_t rp_compile_calendar_of(struct rp_compile *compile,
                                const struct rp_node *body); /* its `hours`; RP_NONE */
/* `days`, `from`, `to` of a table over what *hours has. */
void rp_compile_hours(struct rp_compile *compile, const struct rp_node *body,
                      struct rp_calendar *hours);
void rp_compile_due(struct rp_compile *compile, const struct rp_node *body, struct rp_stage *stage);
void rp_compile_status_names(struct rp_compile *compile, const struct rp_node *names,
                             struct rp_stage *stage);
void rp_compile_statuses(struct rp_compile *compile); /* when the stages stand */
void rp_compile_fact_names(struct rp_compile *compile);
void rp_compile_actions(struct rp_compile *compile);
void rp_compile_trigger(struct rp_compile *compile, const struct rp_node *node,
                        struct rp_trigger *trigger);
void rp_compile_part(struct rp_compile *compile, const struct rp_node *node,
                     struct rp_action_part *part);
void rp_compile_sequences(struct rp_compile *compile); /* compile_sequence.c */
void rp_compile_template(struct rp_compile *compile, const struct rp_node *node,
                         struct rp_template *ret_template);
/* What stands between braces; `node` says where, and how long it is. */
void rp_compile_placeholder(struct rp_compile *compile, const struct rp_node *node,
                            struct rp_str inner, struct rp_template_part *part);
/* compile_mail.c: the files of templates/, then the fields of an `email` */
void rp_compile_mails(struct rp_compile *compile);
/* Warns of an e-mail that cannot go out; `purpose` is what its sequence says, "" for an action's.
 */
void rp_compile_mail_way(struct rp_compile *compile, const struct rp_action_part *part,
                         struct rp_str purpose);
struct rp_email_part *rp_compile_email(struct rp_compile *compile, const struct rp_node *fields);
void rp_compile_lists(struct rp_compile *compile);
struct rp_csv;
struct rp_str rp_compile_trimmed(struct rp_str text); /* without blanks around it */
/* Reads a file of the directory as CSV; to be freed. */
struct rp_csv *rp_compile_csv(struct rp_compile *compile, uint32_t file);
void rp_compile_teams(struct rp_compile *compile); /* when the calendars stand */
void rp_compile_segments(struct rp_compile *compile);
void rp_compile_lookups(struct rp_compile *compile);
uint32_t rp_compile_list(struct rp_compile *compile, struct rp_str name, struct rp_place place,
                         int width);
void rp_compile_weights(struct rp_compile *compile); /* what weights.lua returned */
void rp_compile_models(struct rp_compile *compile);
void rp_compile_experiments(struct rp_compile *compile); /* when the models stand */
void rp_compile_tests(struct rp_compile *compile); /* the authors' tests, into rules->test_set */
void rp_lint(struct rp_compile *compile);

#endif
