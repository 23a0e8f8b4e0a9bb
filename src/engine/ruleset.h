/* SPDX-License-Identifier: MIT */
/* The compiled rules of one generation: what the loader makes of a rules directory and what the
 * evaluation reads. Immutable once loaded, shared by threads, free of Lua. Everything lives in the
 * rule set's arena; indices are stable within the generation only. */
#ifndef RP_ENGINE_RULESET_H
#define RP_ENGINE_RULESET_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/when.h"
#include "engine/ruleset_life.h"
#include "engine/ruleset_models.h"
#include "model/decision.h"
#include "model/event.h"
#include "model/lead.h"

#include <stdbool.h>
#include <stdint.h>

#define RP_NONE UINT32_MAX /* no such index */

struct rp_source {
    struct rp_str path; /* relative to the rules directory */
    struct rp_str text;
};

/* ---- Facts ---------------------------------------------------------------------------------- */

/* A field is a fact that a condition, a fit, a template or a count reads. Each has a slot. */
enum rp_field_home {
    RP_FIELD_EVENT, /* event.props at `path`; page, screen: then at `fallback` (context.page.…) */
    RP_FIELD_META,  /* "type", "name" of the event */
    RP_FIELD_TRAIT, /* the lead's profile: kept in the lead's cells under this slot */
    RP_FIELD_TOUCH, /* first_touch.source …: kept like traits, set by the engine */
    RP_FIELD_STATE, /* stage, stage_since, status, score.total, score.<dimension>, grade, id */
    RP_FIELD_FACT,  /* what actions set: lead.<name> that no trait has */
    RP_FIELD_LOOKUP, /* a column that a lookup gives */
};

struct rp_field {
    enum rp_field_home home;
    struct rp_str name; /* as rules write it: "path", "context.campaign.source", "lead.title" */
    struct rp_str key;  /* canonical, without "lead.": "title", "first_touch.source" */
    uint64_t path;      /* EVENT: rp_path_of("properties.path"); of the root for "context.…" */
    uint64_t fallback;  /* EVENT on page and screen: "context.page.path"; 0: none */
    uint64_t
        *aliases; /* TRAIT: every path of an event that fills it, as rp_path_of("traits.title"),
                     rp_path_of("context.traits.firstName"), rp_path_of("context.timezone");
                     the first of them that holds a scalar wins; objects and arrays never do */
    uint32_t alias_count;
    bool group_only; /* TRAIT "account.…": filled by group events alone; others never by them */
    uint32_t lookup, column; /* LOOKUP */
    bool keeps_text;         /* some matcher compares it as text */
    bool keeps_number;
};

enum rp_match_op {
    RP_MATCH_EQ,
    RP_MATCH_EXACT,
    RP_MATCH_NE,
    RP_MATCH_GT,
    RP_MATCH_GTE,
    RP_MATCH_LT,
    RP_MATCH_LTE,
    RP_MATCH_BETWEEN,
    RP_MATCH_ONE_OF,
    RP_MATCH_NONE_OF,
    RP_MATCH_GLOB,
    RP_MATCH_CONTAINS,
    RP_MATCH_STARTS,
    RP_MATCH_ENDS,
    RP_MATCH_WORD,
    RP_MATCH_IN_LIST,
    RP_MATCH_EXISTS,
    RP_MATCH_MISSING,
    RP_MATCH_BEFORE,
    RP_MATCH_AFTER,
    RP_MATCH_ANY,
    RP_MATCH_ALL,
    RP_MATCH_NO,
};

/* A table from lists/NAME.csv: the first row whose keys all match gives its columns. */
struct rp_lookup {
    struct rp_str name;
    struct rp_place place;
    uint32_t *match_fields;      /* field slots of the event or lead */
    enum rp_match_op *match_ops; /* EQ, GLOB, STARTS, ENDS, CONTAINS, WORD */
    uint32_t match_count;
    struct rp_str *columns;
    uint32_t column_count, row_count;
    struct rp_str *keys;  /* [row * match_count + i]: folded */
    struct rp_str *cells; /* [row * column_count + column] as written; "" is unknown */
};

struct rp_list { /* in_list: folded values, sorted; file lists/<name>.txt or .csv's first column */
    struct rp_str name;
    struct rp_str *values;
    uint32_t count;
    struct rp_place place;
};

/* ---- Conditions ------------------------------------------------------------------------------ */

struct rp_scalar {
    uint8_t type;         /* RP_BOOL, RP_NUMBER, RP_STRING of enum rp_prop_type */
    struct rp_str text;   /* STRING: as written */
    struct rp_str folded; /* STRING: rp_text_fold of it */
    double number;        /* NUMBER, BOOL; STRING that is a number: its value, else NAN */
};

struct rp_matcher {
    enum rp_match_op op;
    struct rp_scalar *values; /* operands: 1, 2 for BETWEEN, n for ONE_OF and NONE_OF */
    uint32_t value_count;
    uint32_t list;            /* IN_LIST */
    int64_t at_ms;            /* BEFORE, AFTER */
    struct rp_matcher *parts; /* ANY, ALL, NO */
    uint32_t part_count;
};

enum rp_cond_op {
    RP_COND_FIELD, /* fields[field] against match */
    RP_COND_ALL,
    RP_COND_ANY,
    RP_COND_NO,
    RP_COND_SOME,     /* parts; SOME: at least `times` of them */
    RP_COND_COUNT,    /* did, visits: counters[counter] reaches `times` (or `days`) in the window */
    RP_COND_AT_LEAST, /* bounds */
    RP_COND_BELOW,    /* bounds, each below; held_ms */
    RP_COND_GRADE_IN, /* names */
    RP_COND_IN_STAGE, /* stage, at_least_ms */
    RP_COND_IN_STATUS,
    RP_COND_IN_SEGMENT, /* name; segment: part 0 is its condition */
    RP_COND_INACTIVE,   /* held_ms */
    RP_COND_KNOWN,
    RP_COND_FILLED, /* at least `times` of the fields in names */
};

struct rp_bound {
    uint32_t dim;  /* RP_NONE: the total */
    int64_t value; /* thousandths */
};

enum rp_since { RP_SINCE_ENTRY, RP_SINCE_WITHIN, RP_SINCE_EVER };

struct rp_cond {
    enum rp_cond_op op;
    struct rp_place place;
    struct rp_str text; /* as a person reads it: `did("page", days = 3)`; for reasons and why-not */
    struct rp_cond *parts;
    uint32_t part_count;
    uint32_t field;          /* FIELD */
    struct rp_matcher match; /* FIELD */
    uint32_t counter;        /* COUNT */
    enum rp_since since;     /* COUNT */
    int64_t within_ms;       /* COUNT with RP_SINCE_WITHIN */
    uint32_t times, days;    /* COUNT: days > 0: distinct days instead; SOME, FILLED: times */
    struct rp_bound *bounds;
    uint32_t bound_count;
    int64_t held_ms;      /* BELOW, INACTIVE; 0: at once */
    uint32_t held;        /* BELOW with held_ms: its first number in index->held + 1 */
    struct rp_str *names; /* GRADE_IN (folded upper case), FILLED (field names) */
    uint32_t *fields;     /* FILLED */
    uint32_t name_count;
    uint32_t stage;      /* IN_STAGE, IN_STATUS */
    int64_t at_least_ms; /* IN_STAGE */
};

/* ---- Events ---------------------------------------------------------------------------------- */

/* A name that some declaration uses: a type ("page", "screen", "identify", "group", "alias"), a
 * track's event name, or "*". An event has all kinds whose name or alias it carries. */
struct rp_kind {
    struct rp_str name;
    enum rp_event_type type; /* RP_TRACK for track names */
    bool any;                /* "*" */
    struct rp_alias {
        struct rp_str event;   /* event name of a track, or a type's name */
        struct rp_cond *where; /* NULL: always */
    } * also;
    uint32_t also_count;
    struct rp_place place;
};

/* One thing to remember about a lead's events, shared by every condition and count that needs it.
 */
enum rp_counter_op { RP_COUNTER_EVENTS, RP_COUNTER_VISITS, RP_COUNTER_DISTINCT };
struct rp_counter {
    enum rp_counter_op op;
    uint32_t *kinds; /* EVENTS, DISTINCT: events of any of these kinds; VISITS: page and screen */
    uint32_t kind_count;
    struct rp_cond *where;
    uint32_t field;    /* DISTINCT */
    uint32_t keep;     /* newest entries that suffice: 1 … RP_WINDOW_ENTRIES_MAX */
    int64_t within_ms; /* widest window asked for; 0: some use needs all time */
    bool by_day;       /* some use counts distinct days: keep entries of distinct days apart */
    bool counts_ever;  /* some use needs the count of all time */
};

/* ---- Scores ---------------------------------------------------------------------------------- */

enum rp_decay_kind { RP_DECAY_NONE, RP_DECAY_HALF_LIFE, RP_DECAY_LINEAR, RP_DECAY_EXPIRE };
struct rp_decay {
    enum rp_decay_kind kind;
    int64_t span_ms;
};

struct rp_dim {
    struct rp_str name;
    bool state; /* recomputed from profile and counts; else it accumulates */
    bool ranged;
    int64_t min, max; /* thousandths, when ranged */
    struct rp_decay decay;
    uint32_t by;    /* field slot of a dimension with one score for each value; RP_NONE */
    int64_t weight; /* in the total, thousandths; 0: not part of it */
    struct rp_place place;
};

/* An accumulator: the contributions of one dimension that decay alike. */
struct rp_sum {
    uint32_t dim;
    struct rp_decay decay;
};

struct rp_group {
    struct rp_str name;
    uint32_t dim;
    bool has_cap, has_floor;
    int64_t cap, floor; /* thousandths */
    int64_t per_ms;     /* 0: bounds the decayed value */
    struct rp_place place;
};

struct rp_award {
    uint32_t dim, sum;
    double points;
};

/* A text with placeholders: literal, field, literal, … */
enum rp_escape { /* what a value must not break out of */
                 RP_ESCAPE_NONE,
                 RP_ESCAPE_HTML,
                 RP_ESCAPE_URL,  /* within a link */
                 RP_ESCAPE_LINK, /* at its start: it may be a whole address */
};
struct rp_template_part {
    struct rp_str literal; /* used when field is RP_NONE and reasons is 0 */
    enum rp_escape escape;
    uint32_t field;
    uint32_t reasons;       /* {reasons.top(n)}: n */
    struct rp_str fallback; /* behind '|'; has_fallback tells "" from none */
    bool has_fallback;
};
struct rp_template {
    struct rp_template_part *parts;
    uint32_t count;
};

/* What `past` offers a test: past[1], past.name. Events before this one only. */
enum rp_measure { /* what a count of a fit or a use measures */
                  RP_MEASURE_FIELD,
                  RP_MEASURE_COUNT,
                  RP_MEASURE_DAYS,
                  RP_MEASURE_DISTINCT,
                  RP_MEASURE_DAYS_SINCE,
                  RP_MEASURE_FILLED,
                  RP_MEASURE_YEARS_SINCE,
};
struct rp_use {
    struct rp_str name;      /* "" when it has a number only */
    enum rp_measure measure; /* COUNT (of a VISITS counter: visits), DAYS, DISTINCT, DAYS_SINCE */
    uint32_t counter;
    int64_t within_ms; /* 0: ever */
};

struct rp_score {
    struct rp_str name, why, was, author;
    struct rp_template why_text; /* `why` with placeholders; count 0: it has none */
    struct rp_str *tags;
    uint32_t tag_count;
    struct rp_place place;
    bool shadow; /* mode = "shadow": recorded, gives nothing */
    bool enabled;
    bool disabled; /* by this generation, since its test kept failing; then it is not enabled */
    uint32_t *on;  /* kinds */
    uint32_t on_count;
    struct rp_cond *when;    /* NULL: always */
    struct rp_award *awards; /* the default model's; per = {…} has its points here too */
    uint32_t award_count;
    uint32_t group; /* RP_NONE */
    bool once;
    uint32_t once_per;    /* field slot or RP_NONE */
    uint32_t limit_times; /* 0: no limit */
    int64_t limit_per_ms; /* 0: for life */
    int64_t cooldown_ms;
    uint32_t per_field;       /* per = { field, each, points, max }: RP_NONE when absent */
    double per_each, per_max; /* per_max NAN: none */
    uint32_t test;            /* number of the test function, RP_NONE */
    struct rp_use *uses;      /* numbered ones first, then named ones */
    uint32_t use_count;
};

struct rp_band {
    double below; /* INFINITY: the last */
    double points;
};
struct rp_word_band {
    struct rp_str *any, *not_any; /* folded */
    uint32_t any_count, not_any_count;
    double points;
};
struct rp_value_band {
    struct rp_matcher match;
    double points;
};

enum rp_fit_op { RP_FIT_BANDS, RP_FIT_WORDS, RP_FIT_VALUES, RP_FIT_WHEN };
struct rp_fit {
    struct rp_str name, why, was, author;
    struct rp_template why_text; /* `why` with placeholders; count 0: it has none */
    struct rp_place place;
    bool enabled, shadow;
    uint32_t dim;
    enum rp_fit_op op;
    enum rp_measure measure;
    uint32_t field;    /* FIELD, YEARS_SINCE */
    uint32_t counter;  /* COUNT, DAYS, DISTINCT, DAYS_SINCE */
    int64_t within_ms; /* 0: ever */
    uint32_t *filled;  /* FILLED: field slots */
    uint32_t filled_count;
    struct rp_band *bands;
    struct rp_word_band *words;
    struct rp_value_band *values;
    uint32_t band_count;
    bool best; /* take = "best" (the default "first") */
    struct rp_cond *when;
    double points;         /* WHEN */
    double missing, other; /* NAN: gives nothing and no row */
};

/* ---- Actions -----------------------------------------------------------------------------------
 */

enum rp_trigger_op {
    RP_TRIGGER_ENTERED,
    RP_TRIGGER_LEFT,
    RP_TRIGGER_FIRED,
    RP_TRIGGER_CROSSED,
    RP_TRIGGER_DID,
    RP_TRIGGER_LATE,
    RP_TRIGGER_ENTERED_STATUS,
    RP_TRIGGER_ANY,
};
struct rp_trigger {
    enum rp_trigger_op op;
    uint32_t index;        /* stage, rule, dimension (RP_NONE: total), kind */
    int64_t threshold;     /* CROSSED, thousandths */
    uint32_t status;       /* ENTERED_STATUS: rp_status_id; index RP_NONE: of whatever stage */
    struct rp_cond *where; /* DID */
    struct rp_trigger *parts;
    uint32_t part_count;
};

/* A JSON value with templates in its texts: the body of a webhook, the fields of `set`. */
struct rp_tree {
    uint8_t type; /* enum rp_prop_type */
    struct rp_str key;
    double number;           /* NUMBER, BOOL */
    struct rp_template text; /* STRING */
    struct rp_tree *parts;   /* ARRAY, OBJECT */
    uint32_t part_count;
};

/* What files of templates/ with one name give: "hello", "hello.fr". */
struct rp_mail_template {
    struct rp_str name;
    struct rp_place place;
    struct rp_template text, html, subject; /* count 0: empty */
    bool has_text, has_html;
};

struct rp_email_part {
    uint32_t template; /* in rules->mails; RP_NONE: there is only what `by` names */
    uint32_t by;       /* the field that names one; RP_NONE */
    struct rp_template subject, from, reply_to; /* count 0: not said */
    struct rp_str purpose;                      /* "" when the part names none */
    bool track;
    struct rp_cond *unless; /* not sent when it holds; NULL */
};

struct rp_action_part {
    enum rp_action_kind kind;
    struct rp_place place;
    struct rp_str to;            /* endpoint's name; "owner"; team; an address */
    struct rp_tree *body;        /* WEBHOOK, SET, CRM, ASSIGN: its fields */
    struct rp_email_part *email; /* EMAIL */
    struct rp_template text;     /* NOTIFY: text; TASK: note */
    int64_t due_ms;              /* TASK; 0: none */
    uint32_t due_calendar;       /* TASK: whose time counts; RP_NONE: that of the owner's team */
    uint32_t team;               /* ASSIGN, TASK; RP_NONE: `to` is an address, or the owner */
    bool to_owner;               /* TASK */
    bool keep_owner;             /* ASSIGN */
    bool not_to_refuser;         /* ASSIGN */
};

struct rp_action {
    struct rp_str name, why;
    struct rp_place place;
    struct rp_trigger on;
    struct rp_cond *when;
    struct rp_action_part *parts;
    uint32_t part_count;
    bool even_when_passing, enabled;
};

/* ---- Sequences ------------------------------------------------------------------------------- */

enum rp_step_op {
    RP_STEP_ACT,
    RP_STEP_WAIT,
    RP_STEP_WAIT_UNTIL,
    RP_STEP_BRANCH,
    RP_STEP_STOP,
};
struct rp_way {
    struct rp_cond *when;
    uint32_t go; /* number of the step */
};
/* One element of a step. */
struct rp_step_item {
    enum rp_step_op op;
    struct rp_place place;
    struct rp_action_part *part; /* ACT */
    uint16_t ordinal;            /* ACT: among those of its kind in the step, for the key */
    struct rp_cond *until;       /* WAIT_UNTIL */
    int64_t span_ms;             /* WAIT; WAIT_UNTIL: at most so long; 0: without an end */
    struct rp_way *ways;         /* BRANCH */
    uint32_t way_count;
    uint32_t otherwise; /* BRANCH; RP_NONE: goes on behind it */
};
struct rp_step {
    struct rp_str name;
    uint64_t id; /* rp_hash of the name */
    struct rp_place place;
    struct rp_step_item *items;
    uint32_t item_count;
};
/* What starts or ends a sequence: one of the two. */
struct rp_occasion {
    struct rp_trigger *trigger;
    struct rp_cond *cond;
    struct rp_str text; /* as a person reads it */
};
/* When messages may go out: a day's hours in the first zone that is known. */
struct rp_send_window {
    bool set;
    struct rp_calendar hours; /* its zone is the last resort */
    struct rp_zone_source {
        uint32_t field; /* RP_NONE: `zone` */
        struct rp_str zone;
    } * zones;
    uint32_t zone_count;
};
struct rp_sequence {
    struct rp_str name, why;
    uint64_t id; /* rp_hash of the name */
    struct rp_place place;
    struct rp_occasion *starts, *exits;
    uint32_t start_count, exit_count;
    int64_t reenter_ms;    /* since the last one ended; 0: once for life */
    struct rp_str purpose; /* the consent that its mails need; "" when it sends none */
    struct rp_send_window send;
    struct rp_step *steps;
    uint32_t step_count;
    bool enabled;
};

struct rp_exclude {
    struct rp_str name;
    struct rp_place place;
    struct rp_cond *when; /* over traits and context */
};

/* What an event may give as its reason. */
struct rp_reasons {
    struct rp_str event;
    struct rp_str *items, *folded;
    uint32_t count;
    bool required;
};

struct rp_grade_label {
    struct rp_str label; /* "A", "1" */
    int64_t at_least;    /* thousandths; sorted, highest first */
};
struct rp_grade {
    uint32_t dims[2]; /* the state dimension, the accumulating one; RP_NONE */
    struct rp_grade_label *labels[2];
    uint32_t label_counts[2];
};

/* A `test` function: where it stands; its number is its place in load order. */
struct rp_test_fn {
    struct rp_place place;
    struct rp_str rule;
};

struct rp_rules {
    struct rp_arena arena;
    char hash[65];   /* SHA-256 over the sorted (path, bytes) */
    uint32_t number; /* given by the store; 0 until then */
    struct rp_source *sources;
    uint32_t source_count;

    struct rp_field *fields;
    struct rp_list *lists;
    struct rp_lookup *lookups;
    struct rp_kind *kinds;
    struct rp_counter *counters;
    struct rp_dim *dims;
    struct rp_sum *sums;
    struct rp_group *groups;
    struct rp_score *scores;
    struct rp_fit *fits;
    struct rp_stage *stages;
    struct rp_action *actions;
    struct rp_sequence *sequences;
    struct rp_exclude *excludes;
    struct rp_calendar *calendars;
    struct rp_team *teams;
    struct rp_segment *segments;
    struct rp_mail_template *mails;
    struct rp_model *models;
    struct rp_experiment *experiments;
    struct rp_reasons *reasons;
    struct rp_test_fn *tests;
    uint32_t field_count, list_count, lookup_count, kind_count, counter_count, dim_count, sum_count,
        group_count, score_count, fit_count, stage_count, action_count, sequence_count,
        exclude_count, calendar_count, mail_count, team_count, segment_count, experiment_count,
        model_count, reasons_count, test_count;
    struct rp_grade grade;
    const struct rp_test_set
        *test_set; /* engine/tests.h; NULL: loaded without the authors' tests */

    /* Slots that the engine itself needs; always present. */
    uint32_t email_field, user_field, timezone_field, language_field;
    uint32_t owner_field; /* the trait that a CRM sends; who owns is decided: model/owner.h */
    uint32_t
        email_domain_field; /* RP_NONE when no rule reads it: the engine makes it from the e-mail */
    uint32_t mails_per_lead; /* limits { email }; within mails_per_ms, as written mails_per */
    int64_t mails_per_ms;    /* 0: no limit is declared */
    struct rp_str mails_per;
    uint32_t rejected_kind; /* Lead Rejected, as rules know it; RP_NONE: none of them does */
    bool keeps_traits;      /* some test function may read any trait: keep all of them */

    struct rp_index *index; /* made by engine/index.c when loading ends */
};

/* Finds by name; RP_NONE when absent. */
uint32_t rp_rules_kind(const struct rp_rules *rules, struct rp_str name);
uint32_t rp_rules_stage(const struct rp_rules *rules, struct rp_str name);
uint32_t rp_rules_dim(const struct rp_rules *rules, struct rp_str name);
uint32_t rp_rules_score(const struct rp_rules *rules, struct rp_str name);
uint32_t rp_rules_field(const struct rp_rules *rules, struct rp_str name);
/* The name of the lead's status, "" when it has none that these rules know. */
struct rp_str rp_status_name(const struct rp_rules *rules, const struct rp_lead *lead);
uint32_t rp_rules_action(const struct rp_rules *rules, struct rp_str name);
uint32_t rp_rules_sequence(const struct rp_rules *rules, struct rp_str name);
uint32_t rp_rules_model(const struct rp_rules *rules, struct rp_str name);
uint32_t rp_rules_experiment(const struct rp_rules *rules, struct rp_str name);
uint32_t rp_rules_team(const struct rp_rules *rules, struct rp_str name);
uint32_t rp_rules_segment(const struct rp_rules *rules, struct rp_str name);
/* The member with this folded address; RP_NONE. */
uint32_t rp_team_member(const struct rp_team *team, struct rp_str folded);
uint32_t rp_rules_mail(const struct rp_rules *rules, struct rp_str name);

/* False: these rules refuse the event for want of one of its declared reasons (`required`). They do
 * not ask what anybody can send, nor what is history; ret_message (in the arena) names the reasons.
 */
bool rp_rules_reason(const struct rp_rules *rules, struct rp_arena *arena,
                     const struct rp_event *event, struct rp_str *ret_message);

void rp_rules_free(struct rp_rules *rules);

#endif
