/* SPDX-License-Identifier: MIT */
/* What a lead agreed to, by purpose. The fold keeps it from the events `Consent Given`, `Consent
 * Withdrawn` and `Unsubscribed`, in effective order, so it is a pure function of them: of two
 * events about one purpose the later one counts. "all" stands for every purpose at once; after a
 * merge the same holds for both histories together. */
#ifndef RP_MODEL_CONSENT_H
#define RP_MODEL_CONSENT_H

#include "model/event.h"
#include "model/lead.h"

#define RP_CONSENT_PURPOSE_MAX 38 /* bytes of a purpose that are compared */
#define RP_CONSENTS_MAX        32 /* purposes of a lead; a withdrawal past it counts for all */
#define RP_CONSENT_ALL         "all"
#define RP_CONSENT_PROFILING   "profiling" /* withdrawn: events give no points */

enum rp_consent {
    RP_CONSENT_UNKNOWN,
    RP_CONSENT_GIVEN,
    RP_CONSENT_PENDING,      /* given, and still to be confirmed (double opt-in) */
    RP_CONSENT_WITHDRAWN,    /* also: objected */
    RP_CONSENT_UNSUBSCRIBED, /* withdrawn by a link of a mail, or a provider's */
};
const char *rp_consent_name(enum rp_consent consent);

/* True when the event is one of the three; by its name alone. */
bool rp_consent_is(const struct rp_event *event);
/* True when it takes consent back. */
bool rp_consent_is_refusal(const struct rp_event *event);
/* Takes the event into the lead's cell. `Consent Given` with confirmed = false is pending; with a
 * public key, which anyone can hold, it does not undo a withdrawal: that is pending then. */
void rp_consent_note(struct rp_lead *lead, const struct rp_event *event);

/* How it stands; ret_at_ms (may be NULL): since when, RP_NEVER for unknown. Case does not matter.
 */
enum rp_consent rp_consent_of(const struct rp_lead *lead, struct rp_str purpose,
                              int64_t *ret_at_ms);
bool rp_consent_objected(const struct rp_lead *lead); /* to profiling */

/* Walks what is on record: pass *at = 0 first; false at the end. The text borrows from the cell. */
struct rp_consent_entry {
    struct rp_str purpose;
    enum rp_consent consent;
    int64_t at_ms;
};
bool rp_consent_next(const struct rp_lead *lead, uint32_t *at, struct rp_consent_entry *ret_entry);
/* Joins entries of another block of the same form (of a base): the later of two counts. */
void rp_consent_join(struct rp_lead *lead, struct rp_str block);

#endif
