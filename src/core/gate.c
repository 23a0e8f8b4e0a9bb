/* SPDX-License-Identifier: MIT */
/* In this order: suppressed addresses get nothing at all; transactional mail then goes out; other
 * mail needs the consent of its purpose, and room under limits { email }. The count is of rows
 * that left or are to leave, by when they were made: (now - per, now]. At a lease nothing is
 * counted again, since the row itself is one of those counted; but the lead's consent is as all of
 * its events on record say, and while it is set aside its mail waits. */
#include "core/gate.h"

#include "base/hash.h"
#include "base/json_write.h"
#include "core/aside.h"
#include "model/consent.h"
#include "model/email.h"
#include "store/audit.h"
#include "store/decisions.h"
#include "store/reports.h"

#include <string.h>

#define ASIDE_AGAIN_MS (15 * RP_SECOND) /* a row of a lead set aside is looked at so often */

static const char *const gate_names[RP_GATES] = {
    [RP_GATE_OPEN] = "none",
    [RP_GATE_SUPPRESSED] = "suppressed",
    [RP_GATE_NO_CONSENT] = "no_consent",
    [RP_GATE_PENDING] = "consent_pending",
    [RP_GATE_WITHDRAWN] = "consent_withdrawn",
    [RP_GATE_UNSUBSCRIBED] = "unsubscribed",
    [RP_GATE_LIMIT] = "limit",
};

const char *rp_gate_name(enum rp_gate gate)
{
    RP_ASSERT((size_t)gate < RP_GATES);
    return gate_names[gate];
}

/* ---- What is asked --------------------------------------------------------------------------- */

struct asked {
    struct rp_core *core;
    struct rp_arena *arena; /* of the reason */
    const struct rp_lead *lead;
    struct rp_str to, purpose;
    int64_t now_ms;
    enum rp_gate gate;
    struct rp_str reason;
};

static void hold(struct asked *asked, enum rp_gate gate, struct rp_str reason)
{
    asked->gate = gate;
    asked->reason = reason;
}

static int ask_list(struct asked *asked, struct rp_err *err)
{
    enum rp_suppression reason;
    int found = rp_suppression_find(asked->core->store, asked->to, &reason, err);

    if (found == 1) {
        hold(asked, RP_GATE_SUPPRESSED,
             rp_arena_printf(asked->arena, "the address is suppressed (%s)",
                             rp_suppression_name(reason)));
    }
    return found < 0 ? found : 0;
}

static void ask_consent(struct asked *asked)
{
    static const struct {
        enum rp_gate gate;
        const char *before, *behind;
    } answers[] = {
        [RP_CONSENT_UNKNOWN] = {RP_GATE_NO_CONSENT, "no consent to ", " is known"},
        [RP_CONSENT_GIVEN] = {RP_GATE_OPEN, "", ""},
        [RP_CONSENT_PENDING] = {RP_GATE_PENDING, "consent to ", " is not confirmed yet"},
        [RP_CONSENT_WITHDRAWN] = {RP_GATE_WITHDRAWN, "consent to ", " was withdrawn"},
        [RP_CONSENT_UNSUBSCRIBED] = {RP_GATE_UNSUBSCRIBED, "unsubscribed from ", ""},
    };
    enum rp_consent consent = rp_consent_of(asked->lead, asked->purpose, NULL);

    if (consent != RP_CONSENT_GIVEN) {
        hold(asked, answers[consent].gate,
             rp_arena_printf(asked->arena, "%s%.*s%s", answers[consent].before,
                             RP_STR_ARG(asked->purpose), answers[consent].behind));
    }
}

static int ask_limit(struct asked *asked, struct rp_err *err)
{
    const struct rp_rules *rules = asked->core->rules;
    int count;

    if (rules->mails_per_ms == 0) {
        return 0;
    }
    count = rp_mails_since(asked->core->store, asked->lead->id, asked->now_ms - rules->mails_per_ms,
                           err);
    if (count >= 0 && (uint32_t)count >= rules->mails_per_lead) {
        hold(asked, RP_GATE_LIMIT,
             rp_arena_printf(asked->arena, "over the limit of %u e-mails in %.*s",
                             rules->mails_per_lead, RP_STR_ARG(rules->mails_per)));
    }
    return count < 0 ? count : 0;
}

static int ask(struct asked *asked, bool counts, struct rp_err *err)
{
    int status = ask_list(asked, err);

    if (status != 0 || asked->gate != RP_GATE_OPEN ||
        rp_str_is(asked->purpose, RP_PURPOSE_TRANSACTIONAL)) {
        return status;
    }
    ask_consent(asked);
    return counts && asked->gate == RP_GATE_OPEN ? ask_limit(asked, err) : 0;
}

/* The address and purpose as the row has them. */
static int read_mail(struct asked *asked, struct rp_str body, struct rp_err *err)
{
    struct rp_email email;
    int status = rp_email_read(asked->arena, body, &email, err);

    if (status == 0) {
        asked->to = email.to;
        asked->purpose = email.purpose.len > 0 ? email.purpose : RP_STR(RP_PURPOSE_MARKETING);
    }
    return status;
}

int rp_gate_intent(struct rp_core *core, const struct rp_cached *lead,
                   const struct rp_intent *intent, struct rp_outbox_row *row, struct rp_err *err)
{
    struct asked asked = {
        .core = core, .arena = &core->arena, .lead = &lead->lead, .now_ms = row->created_ms};
    int status;

    if (intent->kind != RP_ACTION_EMAIL || row->state != RP_OUTBOX_PENDING) {
        return 0;
    }
    status = read_mail(&asked, row->body, err);
    if (status == 0) {
        status = ask(&asked, true, err);
    }
    if (status == 0 && asked.gate != RP_GATE_OPEN) {
        row->state = RP_OUTBOX_HELD;
        row->error = asked.reason;
        core->stats.held[asked.gate]++;
    }
    return status;
}

/* The lead that the row belongs to now: it may have become part of another. */
static int lead_of_row(struct rp_core *core, const struct rp_outbox_row *row,
                       struct rp_cached **ret_lead, struct rp_err *err)
{
    int64_t lead;
    int status = rp_lead_by_public_id(core->store, row->lead_public_id, &lead, err);

    return status == 0 ? rp_core_lead(core, lead, ret_lead, err) : status;
}

/* Consent is read from the cells, so these must hold all of the lead's events: not so after a
 * recovery that could not take a row in its order, or an un-merge. */
static int make_whole(struct rp_core *core, struct rp_cached *lead, struct rp_err *err)
{
    int status;

    if (lead->lead.generation == core->rules->number) {
        return 0;
    }
    status = rp_core_complete(core, lead, err);
    if (status == 0) {
        rp_core_dirty(core, lead);
    }
    return status;
}

/* What may go is asked of the lead that the row belongs to now; true in *ret_waits: it is set
 * aside, and what it said last is not known yet. */
static int ask_leased(struct asked *asked, const struct rp_outbox_row *row, bool *ret_waits,
                      struct rp_err *err)
{
    struct rp_cached *lead;
    int status = lead_of_row(asked->core, row, &lead, err);

    if (status == 0) {
        asked->lead = &lead->lead;
        status = read_mail(asked, row->body, err);
    }
    if (status == 0 && !rp_str_is(asked->purpose, RP_PURPOSE_TRANSACTIONAL)) {
        *ret_waits = rp_aside_has(asked->core, lead->lead.id);
        status = *ret_waits ? 0 : make_whole(asked->core, lead, err);
    }
    return status == 0 && !*ret_waits ? ask(asked, false, err) : status;
}

int rp_gate_leased(struct rp_core *core, struct rp_arena *arena, const struct rp_outbox_row *row,
                   int64_t now_ms, bool *ret_stays, struct rp_err *err)
{
    struct asked asked = {.core = core, .arena = arena, .now_ms = now_ms};
    bool waits = false;
    int status;

    *ret_stays = false;
    if (row->kind != RP_ACTION_EMAIL) {
        return 0;
    }
    status = ask_leased(&asked, row, &waits, err);
    if (status != 0 || (!waits && asked.gate == RP_GATE_OPEN)) {
        return status;
    }
    *ret_stays = true;
    if (waits) {
        return rp_outbox_finish(core->store, row->id, RP_OUTCOME_RETURNED, 0, RP_STR(""),
                                now_ms + ASIDE_AGAIN_MS, now_ms, err);
    }
    core->stats.held[asked.gate]++;
    return rp_outbox_finish(core->store, row->id, RP_OUTCOME_HELD, 0, asked.reason, now_ms, now_ms,
                            err);
}

/* ---- Events ---------------------------------------------------------------------------------- */

static struct rp_str property(const struct rp_event *event, const char *path)
{
    const struct rp_prop *prop = rp_event_get(event, rp_path_of(rp_str_from(path)));

    return prop && (prop->type == RP_STRING || prop->type == RP_NUMBER) ? prop->text : RP_STR("");
}

/* A full mailbox or a server that is down is no reason to stop for good. */
static bool is_passing(const struct rp_event *event)
{
    static const char *const keys[] = {"properties.type", "properties.bounce_type",
                                       "properties.severity"};
    static const char *const words[] = {"soft",      "Soft",      "transient", "Transient",
                                        "temporary", "Temporary", "blocked",   "undetermined"};
    static const char *const flags[] = {"properties.permanent", "properties.hard"};

    for (size_t i = 0; i < RP_COUNT(flags); i++) {
        const struct rp_prop *flag = rp_event_get(event, rp_path_of(rp_str_from(flags[i])));

        if (flag && flag->type == RP_BOOL && flag->number == 0) {
            return true;
        }
    }
    for (size_t k = 0; k < RP_COUNT(keys); k++) {
        for (size_t w = 0; w < RP_COUNT(words); w++) {
            if (rp_str_is(property(event, keys[k]), words[w])) {
                return true;
            }
        }
    }
    return false;
}

static bool says_stop(const struct rp_event *event, enum rp_suppression *ret_reason)
{
    static const struct {
        const char *name;
        enum rp_suppression reason;
    } stops[] = {
        {"Email Bounced", RP_SUPPRESSED_BOUNCE},
        {"Email Marked as Spam", RP_SUPPRESSED_COMPLAINT},
        {"Email Complained", RP_SUPPRESSED_COMPLAINT},
    };

    if (event->type != RP_TRACK || (event->flags & (RP_EVENT_PUBLIC | RP_EVENT_ROBOT)) ||
        !rp_str_starts(event->name, RP_STR("Email "))) {
        return false;
    }
    for (size_t i = 0; i < RP_COUNT(stops); i++) {
        if (rp_str_is(event->name, stops[i].name)) {
            *ret_reason = stops[i].reason;
            return stops[i].reason != RP_SUPPRESSED_BOUNCE || !is_passing(event);
        }
    }
    return false;
}

/* ---- Addresses of a lead --------------------------------------------------------------------- */

struct address_work {
    struct rp_core *core;
    struct rp_suppression_row row;
    bool remove;
    struct rp_jw *jw; /* NULL: nobody asks */
    size_t done;
    struct rp_str subject; /* of the audit: an address, or the lead's public id */
};

static int work_one(struct address_work *work, struct rp_str address, struct rp_err *err)
{
    int status;

    work->row.address = address;
    status = work->remove ? rp_suppression_remove(work->core->store, address, err)
                          : rp_suppression_add(work->core->store, &work->row, err);
    if (status == RIPEN_ENOTFOUND) {
        return 0;
    }
    work->done += status == 0;
    if (status == 0 && work->jw) {
        rp_jw_str(work->jw, address);
    }
    return status;
}

static int work_lead(struct address_work *work, int64_t id, struct rp_err *err)
{
    struct rp_core *core = work->core;
    struct rp_cached *lead;
    const struct rp_head *heads;
    size_t count;
    int status = rp_core_lead(core, id, &lead, err);

    if (status != 0) {
        return status;
    }
    work->subject = rp_arena_str(&core->arena, rp_str_from(lead->lead.public_id));
    heads = rp_lead_heads(&lead->lead, &count);
    for (size_t i = 0; i < count && status == 0; i++) {
        struct rp_identity node;

        status = rp_identity_get(&core->arena, core->store, heads[i].node, &node, err);
        if (status == 0 && node.kind == RP_NODE_EMAIL) {
            status = work_one(work, node.value, err);
        }
    }
    return status;
}

int rp_gate_event(struct rp_core *core, const struct rp_event *event, struct rp_err *err)
{
    struct address_work work = {.core = core};
    struct rp_mailbox mailbox;

    if (!says_stop(event, &work.row.reason)) {
        return 0;
    }
    work.row.source = event->name;
    work.row.at_ms = event->received_ms;
    if (rp_mailbox_parse(event->email, &mailbox)) {
        return work_one(&work, mailbox.address, err);
    }
    return work_lead(&work, rp_identity_lead(core->store, event->node), err);
}

/* ---- By hand --------------------------------------------------------------------------------- */

static int work_asked(struct address_work *work, struct rp_str who, struct rp_err *err)
{
    struct rp_mailbox mailbox;
    int64_t id;
    int status;

    if (rp_mailbox_parse(who, &mailbox)) {
        work->subject = mailbox.address;
        status = work_one(work, mailbox.address, err);
    } else {
        status = rp_lead_find(work->core->store, who, &id, err);
        if (status == 0) {
            status = work_lead(work, id, err);
        }
    }
    if (status == 0 && work->done == 0) {
        status = work->remove
                     ? rp_err_set(err, RIPEN_ENOTFOUND, "\"%.*s\" is not on the suppression list",
                                  RP_STR_ARG(who))
                     : rp_err_set(err, RIPEN_EINPUT,
                                  "the lead has no e-mail address that could be suppressed");
    }
    return status;
}

static int by_hand(struct address_work *work, struct rp_str who, struct rp_str reason,
                   struct rp_str author, struct rp_buf *out, struct rp_err *err)
{
    struct rp_core *core = work->core;
    struct rp_jw jw = rp_jw(out);
    struct rp_audit_row audit = {.at_ms = rp_clock_now(&core->clock),
                                 .actor = author,
                                 .verb = work->remove ? RP_STR("suppress.remove")
                                                      : RP_STR("suppress.add"),
                                 .detail = reason};
    int status = core->stale ? rp_core_recover(core, err) : 0;

    if (status == 0) {
        status = rp_store_begin(core->store, err);
    }
    if (status != 0) {
        return status;
    }
    rp_jw_object(&jw);
    rp_jw_key(&jw, work->remove ? "removed" : "suppressed");
    rp_jw_array(&jw);
    work->jw = &jw;
    status = work_asked(work, who, err);
    rp_jw_array_end(&jw);
    rp_jw_object_end(&jw);
    if (status == 0) {
        audit.subject = work->subject;
        status = rp_audit_add(core->store, &audit, err);
    }
    if (status == 0) {
        status = rp_store_commit(core->store, err);
    }
    if (status != 0) {
        rp_store_rollback(core->store);
        rp_buf_reset(out);
    }
    rp_core_unpin(core);
    return status;
}

int rp_core_suppress(struct rp_core *core, struct rp_str who, struct rp_str reason,
                     struct rp_str author, struct rp_buf *out, struct rp_err *err)
{
    struct address_work work = {.core = core,
                                .row = {.reason = RP_SUPPRESSED_MANUAL,
                                        .source = author,
                                        .at_ms = rp_clock_now(&core->clock)}};

    if (reason.len > 0) {
        (void)rp_suppression_parse(reason, &work.row.reason); /* else it is said in the audit */
    }
    return by_hand(&work, who, reason, author, out, err);
}

int rp_core_unsuppress(struct rp_core *core, struct rp_str who, struct rp_str reason,
                       struct rp_str author, struct rp_buf *out, struct rp_err *err)
{
    struct address_work work = {.core = core, .remove = true};

    if (reason.len == 0) {
        return rp_err_set(err, RIPEN_EINPUT,
                          "say with a reason why the address may get mail again");
    }
    return by_hand(&work, who, reason, author, out, err);
}
