/* SPDX-License-Identifier: MIT */
/* Corrections: what people decide about a lead against the rules, as ordinary events with reason
 * and author. They are part of the history, so that a replay decides the same. */
#ifndef RP_MODEL_CORRECTION_H
#define RP_MODEL_CORRECTION_H

#include "model/event.h"

enum rp_correction {
    RP_CORRECTION_NONE,
    RP_CORRECTION_STAGE,  /* Stage Set {stage, reason, author} */
    RP_CORRECTION_POINTS, /* Score Adjusted {points, dimension, reason, author, until} */
    RP_CORRECTION_VOID,   /* Event Voided {messageId, reason, author}: the fold omits that event */
    RP_CORRECTION_OWNER,  /* Owner Changed {owner, reason, author}: "" is nobody */
    RP_CORRECTION_NOTE,   /* Note Added {text, author}: changes nothing, is read by people */
};

/* By the name of a track. Says nothing of who may send it: see rp_event_correction. */
enum rp_correction rp_correction_named(const struct rp_event *event);
/* What the event corrects; NONE when it came with a public key, which anyone can hold. */
enum rp_correction rp_event_correction(const struct rp_event *event);
const char *rp_correction_event(enum rp_correction correction); /* its event's name */

/* A text among the properties, "" when absent; borrows from the event. */
struct rp_str rp_correction_text(const struct rp_event *event, const char *property);

#endif
