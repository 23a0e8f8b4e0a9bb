/* SPDX-License-Identifier: MIT */
/* The part of a rule set that a lead lives by: working hours, stages with their statuses, the teams
 * that take leads over, segments. To be included through ruleset.h. */
#ifndef RP_ENGINE_RULESET_LIFE_H
#define RP_ENGINE_RULESET_LIFE_H

#include "engine/ruleset_models.h"

struct rp_cond;

/* Working hours. */
struct rp_calendar {
    struct rp_str name;
    struct rp_place place;
    uint8_t days;         /* bit 0: Monday … bit 6: Sunday */
    int32_t from_s, to_s; /* of the day; to_s 86400: midnight */
    struct rp_str zone;   /* "" UTC */
    int32_t *holidays;    /* days since 1970-01-01, ascending */
    uint32_t holiday_count;
};

/* A status within a stage. */
struct rp_status {
    struct rp_str name;
    uint32_t id; /* rp_status_id of the name */
    struct rp_place place;
    struct rp_cond *enter; /* NULL: only on entry, or by waking up */
    bool wakes;
    uint32_t wake_field;       /* that holds the day; RP_NONE */
    int64_t wake_otherwise_ms; /* 0: never without a day */
    uint32_t wake_to;          /* number of the status within the stage */
    uint32_t wake_cell;        /* RP_CELL_WAKE */
};

struct rp_stage {
    struct rp_str name;
    struct rp_place place;
    bool side, terminal, declared; /* declared: a `stage` body exists */
    uint16_t *from;                /* stages from which `enter` is asked */
    uint32_t from_count;
    struct rp_cond *enter, *leave;
    uint16_t leave_to;          /* RP_STAGE_NONE */
    int64_t stay_ms;            /* bars other stages' enter for that long */
    struct rp_status *statuses; /* the first on entry */
    uint32_t status_count;
    int64_t due_ms;        /* sales must have moved the lead on by then; 0: nothing is due */
    uint32_t due_calendar; /* whose time counts; RP_NONE: all time */
};

/* Who is not there, from the first to the last of these days (since 1970-01-01) in the team's zone.
 */
struct rp_away {
    uint32_t member;
    int32_t from, to;
};

enum rp_share { RP_SHARE_ROUND_ROBIN, RP_SHARE_LEAST, RP_SHARE_FIRST };

struct rp_team {
    struct rp_str name;
    struct rp_place place;
    struct rp_str *members, *folded; /* folded: for comparison */
    uint32_t member_count;
    enum rp_share share;
    uint32_t calendar; /* RP_NONE: all time */
    struct rp_away *away;
    uint32_t away_count;
};

struct rp_segment {
    struct rp_str name;
    struct rp_place place;
    struct rp_cond *when;
};

#endif
