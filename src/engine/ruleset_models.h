/* SPDX-License-Identifier: MIT */
/* The part of a rule set that lets it be seen in several ways: models, and experiments that compare
 * them. To be included through ruleset.h. */
#ifndef RP_ENGINE_RULESET_MODELS_H
#define RP_ENGINE_RULESET_MODELS_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* Where a declaration or a field of it stands. */
struct rp_place {
    uint32_t file;    /* index in sources */
    int line, column; /* 1 is the first; 0: unknown */
};

struct rp_award;
struct rp_group;
struct rp_stage;

/* A model: the rules seen with other numbers. Every model scores every lead, in cells of its own.
 * models[0] is the control (the first arm of the first experiment, else the first declared): it
 * acts unless a fold is told otherwise. Without `model` there is one, named "default". */
struct rp_model {
    struct rp_str name;
    struct rp_place place;
    struct rp_award **awards; /* [score]: award_count of that score each */
    double **fit_points;      /* [fit]: the points of its bands, NULL as declared; NULL: all so */
    bool *without;            /* [score]; NULL: none */
    bool *without_fits;       /* [fit]; NULL: none */
    struct rp_group *groups;  /* [group]: with this model's bounds */
    struct rp_stage *stages;  /* [stage]: with this model's thresholds */
    char hash[65]; /* of all that its scores and stages come from; "" unless an experiment is
                      declared: where another stands, other leads would move */
};

/* Models compared on real leads. What is dealt out are units: leads, or companies. */
struct rp_arm {
    struct rp_str name; /* the model's, or "hold-out" */
    uint32_t model;
    double weight; /* of those that take part, 0 … 1; all sum to 1 */
    bool hold_out; /* the control acts on stages, and no action goes out */
};
struct rp_goal_guard {
    struct rp_str metric; /* rp_metric_names */
    double worse_than;    /* allowed ratio to the control's rate */
};
struct rp_experiment {
    struct rp_str name, salt, seed; /* seed: of the hash, made of both */
    struct rp_place place;
    bool split; /* act on the lead's arm; else on the control, and only compare */
    bool enabled, by_company;
    struct rp_arm *arms; /* the first is the control, models[0] */
    uint32_t arm_count;
    double share;                /* of all units that take part, 0 … 1 */
    double slice_from, slice_to; /* among which they are chosen, 0 … 1 */
    double explore;              /* of leads that another arm alone lets in: handed on, 0 … 1 */
    struct rp_str explore_seed;  /* of the hash that chooses them */
    uint32_t goal;               /* stage; RP_NONE: none is named */
    int64_t within_ms;
    struct rp_goal_guard *guards;
    uint32_t guard_count, min_units, max_days;
};
/* What guards may ask, and the events that they count; name NULL ends. */
struct rp_metric {
    const char *name, *event, *words; /* "unsubscribe_rate", "Unsubscribed", "unsubscribed" */
};
extern const struct rp_metric rp_metrics[];

#endif
