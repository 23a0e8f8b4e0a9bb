/* SPDX-License-Identifier: MIT */
/* What an evaluation asks for. The engine returns these and does nothing; the store writes them.
 * All memory belongs to the arena that was handed to the evaluation. */
#ifndef RP_MODEL_DECISION_H
#define RP_MODEL_DECISION_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Points that a rule granted for an event. Thousandths. */
struct rp_grant {
    uint32_t rule; /* index in rules->scores */
    uint16_t model, dim;
    int64_t asked, granted;
    struct rp_str
        cut; /* "" | "once" | "limit" | "cooldown" | "group" | "once_per_full" | "shadow" */
    struct rp_str evidence; /* of test, of once_per; "" */
    struct rp_str key;      /* of a dimension `by` a field; "" */
};

/* One stage decision. Indices are of the generation that decided. */
struct rp_move {
    uint16_t from, to;
    bool passing;          /* a further move followed in the same evaluation */
    struct rp_str because; /* name of the condition that decided: "at_least", "did", "set" … */
    struct rp_str reasons; /* JSON object: the conditions with their actual values, score, grade */
};

/* A status entered: the first one of a stage just entered, then at most one move. */
struct rp_status_move {
    uint16_t stage;    /* index of the generation that decided */
    uint32_t from, to; /* numbers within the stage; UINT32_MAX: none */
    struct rp_str because;
};
#define RP_STATUS_MOVES_MAX 2

enum rp_action_kind {
    RP_ACTION_WEBHOOK,
    RP_ACTION_NOTIFY,
    RP_ACTION_TASK,
    RP_ACTION_SET,
    RP_ACTION_EMAIL,
    RP_ACTION_ASSIGN,
    RP_ACTION_CRM,
};
#define RP_MAIL_DOOR "smtp" /* `to` of an e-mail: its queue; the address stands in the body */
const char *rp_action_kind_name(enum rp_action_kind kind);

/* One row for the outbox, rendered. */
struct rp_intent {
    uint32_t action;    /* index in rules->actions; UINT32_MAX: a step's */
    uint16_t part;      /* index within the action; of a step's among those of its kind */
    struct rp_str step; /* "welcome.hello": whose it is, and what stands for the action; "" */
    enum rp_action_kind kind;
    struct rp_str to;    /* endpoint, "owner", team … */
    struct rp_str cause; /* what the key is made of: "event:<messageId>", "stage:<stage>@<ms>" */
    struct rp_str body;  /* JSON */
    struct rp_str held;  /* why it is not to be delivered; "" */
    struct rp_str owner, team; /* TASK: whose it is, and of which team; "" */
    int64_t due_ms;            /* TASK; RP_NEVER: none */
    struct rp_str purpose;     /* EMAIL: the consent that it needs; "" */
};

/* The lead's owner changed. */
enum rp_assigned_by {
    RP_ASSIGNED_ACTION,   /* an action's `assign` */
    RP_ASSIGNED_TRAIT,    /* an event brought the trait `owner` */
    RP_ASSIGNED_PERSON,   /* Owner Changed */
    RP_ASSIGNED_REJECTED, /* the owner answered Lead Rejected: nobody owns it now */
    RP_ASSIGNED_MERGED,   /* the owner of a lead that became part of this one */
};
struct rp_assignment {
    enum rp_assigned_by by;
    struct rp_str owner, previous; /* "": nobody */
    struct rp_str team;            /* ACTION: the team that it is a turn of; "" */
    struct rp_str reason, author;
    uint32_t action;   /* ACTION: index in rules->actions */
    int64_t barred_ms; /* REJECTED: until then the previous owner does not get it again */
};
#define RP_ASSIGNMENTS_MAX 8 /* of one decision */

/* What a sequence did. In order; the instance itself stands in the lead's cells. */
enum rp_sequence_mark {
    RP_SEQUENCE_STARTED,
    RP_SEQUENCE_STEP,  /* began a step */
    RP_SEQUENCE_WAITS, /* waits for something else, or ended its wait */
    RP_SEQUENCE_ENDED, /* the instance's state says how */
};
struct rp_sequence_change {
    enum rp_sequence_mark mark;
    uint64_t sequence;        /* hash of its name */
    uint32_t number;          /* of the instance */
    struct rp_str name, step; /* "": these rules do not know it */
    struct rp_str reason;     /* STARTED, ENDED */
};

/* A rule that failed on an event: costs its own contribution only. */
struct rp_fault {
    struct rp_str rule, kind, message, file; /* kind: "error" | "budget" | "memory" | "result" */
    int line;
};

struct rp_decision {
    struct rp_grant *grants;
    struct rp_move *moves;
    struct rp_intent *intents;
    struct rp_fault *faults;
    size_t grant_count, move_count, intent_count, fault_count;
    size_t grant_cap, move_cap, intent_cap, fault_cap;
    struct rp_status_move statuses[RP_STATUS_MOVES_MAX];
    size_t status_count;
    bool late;                /* what the present stage owes is late: told once a stage entry */
    struct rp_grant adjusted; /* by hand (Score Adjusted); granted 0: none. Its rule is no rule */
    bool voided;              /* the event is void: nothing was folded */
    bool excluded;            /* an `exclude` holds: recorded, nothing else */
    struct rp_assignment *assigned; /* in order; at most RP_ASSIGNMENTS_MAX */
    size_t assigned_count;
    bool owner_told; /* what a CRM says of the owner is to be kept, also when nothing follows */
    struct rp_sequence_change *sequences;
    size_t sequence_count, sequence_cap;
    struct rp_str facts_set; /* JSON object of `set` parts to merge into the lead's facts; "" */
};

#endif
