/* SPDX-License-Identifier: MIT */
/* The cell: entries of 48 bytes in the order first named: since i64, consent u8, length u8, purpose
 * in lower case. Something said of all purposes takes the place of what was said before it of each;
 * profiling keeps its own entry, since leaving a mailing list is no objection to being scored. */
#include "model/consent.h"

#include "base/hash.h"

#include <string.h>

struct entry {
    int64_t at_ms;
    uint8_t consent, len;
    char purpose[RP_CONSENT_PURPOSE_MAX];
};
_Static_assert(sizeof(struct entry) == 48, "entries are stored");

static const char *const names[] = {
    [RP_CONSENT_UNKNOWN] = "unknown",           [RP_CONSENT_GIVEN] = "given",
    [RP_CONSENT_PENDING] = "pending",           [RP_CONSENT_WITHDRAWN] = "withdrawn",
    [RP_CONSENT_UNSUBSCRIBED] = "unsubscribed",
};

const char *rp_consent_name(enum rp_consent consent)
{
    RP_ASSERT((size_t)consent < RP_COUNT(names));
    return names[consent];
}

static uint32_t cell_key(void)
{
    return rp_cell_key(RP_CELL_CONSENT, 0, 0);
}

static uint32_t entries_of(const struct rp_lead *lead, struct entry **ret_entries)
{
    uint32_t len = 0;

    *ret_entries = rp_lead_cell(lead, cell_key(), &len);
    return *ret_entries ? len / (uint32_t)sizeof(struct entry) : 0;
}

static void name_entry(struct entry *entry, struct rp_str purpose)
{
    *entry = (struct entry){.consent = RP_CONSENT_UNKNOWN};
    for (size_t i = 0; i < purpose.len && i < RP_CONSENT_PURPOSE_MAX; i++) {
        char c = purpose.ptr[i];

        entry->purpose[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        entry->len = (uint8_t)(i + 1);
    }
}

static bool same(const struct entry *a, const struct entry *b)
{
    return a->len == b->len && memcmp(a->purpose, b->purpose, a->len) == 0;
}

static bool is_named(const struct entry *entry, const char *purpose)
{
    return rp_str_is((struct rp_str){entry->purpose, entry->len}, purpose);
}

static bool is_refused(const struct entry *entry)
{
    return entry->consent == RP_CONSENT_WITHDRAWN || entry->consent == RP_CONSENT_UNSUBSCRIBED;
}

/* The entry that speaks for a purpose; NULL: none does. */
static const struct entry *speaker(const struct rp_lead *lead, const struct entry *wanted)
{
    const struct entry *all = NULL;
    struct entry *entries;
    uint32_t count = entries_of(lead, &entries);

    for (uint32_t i = 0; i < count; i++) {
        if (same(&entries[i], wanted))
            return &entries[i];
        if (is_named(&entries[i], RP_CONSENT_ALL))
            all = &entries[i];
    }
    return is_named(wanted, RP_CONSENT_PROFILING) ? NULL : all;
}

static void put(struct rp_lead *lead, const struct entry *entry)
{
    struct entry *entries;
    uint32_t count = entries_of(lead, &entries);

    for (uint32_t i = 0; i < count; i++) {
        if (same(&entries[i], entry)) {
            entries[i] = *entry;
            return;
        }
    }
    entries = rp_lead_cell_resize(lead, cell_key(), (count + 1) * (uint32_t)sizeof(*entries));
    entries[count] = *entry;
}

/* Of what was said until then, leaves only profiling. */
static void clear(struct rp_lead *lead, int64_t until_ms)
{
    struct entry *entries;
    uint32_t count = entries_of(lead, &entries), kept = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (is_named(&entries[i], RP_CONSENT_PROFILING) || entries[i].at_ms > until_ms)
            entries[kept++] = entries[i];
    }
    if (count > 0)
        rp_lead_cell_resize(lead, cell_key(), kept * (uint32_t)sizeof(*entries));
}

/* The entry would be one too many. */
static bool is_past_bound(const struct rp_lead *lead, const struct entry *entry)
{
    struct entry *entries;
    uint32_t count = entries_of(lead, &entries);

    for (uint32_t i = 0; i < count; i++) {
        if (same(&entries[i], entry))
            return false;
    }
    return count >= RP_CONSENTS_MAX;
}

static bool any_refused(const struct rp_lead *lead)
{
    struct entry *entries;
    uint32_t count = entries_of(lead, &entries);

    for (uint32_t i = 0; i < count; i++) {
        if (is_refused(&entries[i]))
            return true;
    }
    return false;
}

/* ---- Events ---------------------------------------------------------------------------------- */

static enum rp_consent said_by(const struct rp_event *event)
{
    enum { LEN_MIN = 12, LEN_MAX = 17 };

    if (event->type != RP_TRACK || event->name.len < LEN_MIN || event->name.len > LEN_MAX)
        return RP_CONSENT_UNKNOWN;
    if (rp_str_is(event->name, "Unsubscribed"))
        return RP_CONSENT_UNSUBSCRIBED;
    if (rp_str_is(event->name, "Consent Given"))
        return RP_CONSENT_GIVEN;
    return rp_str_is(event->name, "Consent Withdrawn") ? RP_CONSENT_WITHDRAWN : RP_CONSENT_UNKNOWN;
}

bool rp_consent_is(const struct rp_event *event)
{
    return said_by(event) != RP_CONSENT_UNKNOWN;
}

bool rp_consent_is_refusal(const struct rp_event *event)
{
    enum rp_consent said = said_by(event);

    return said == RP_CONSENT_WITHDRAWN || said == RP_CONSENT_UNSUBSCRIBED;
}

/* The form told that a mail must confirm it first. */
static bool is_unconfirmed(const struct rp_event *event)
{
    const struct rp_prop *prop = rp_event_get(event, rp_path_of(RP_STR("properties.confirmed")));

    return prop && ((prop->type == RP_BOOL && prop->number == 0) ||
                    (prop->type == RP_STRING && rp_str_is(prop->text, "false")));
}

static enum rp_consent granted(const struct rp_lead *lead, const struct rp_event *event,
                               const struct entry *entry)
{
    const struct entry *now = speaker(lead, entry);
    bool refused = is_named(entry, RP_CONSENT_ALL) ? any_refused(lead) : now && is_refused(now);

    if (is_unconfirmed(event))
        return now && now->consent == RP_CONSENT_GIVEN ? RP_CONSENT_GIVEN : RP_CONSENT_PENDING;
    return (event->flags & RP_EVENT_PUBLIC) && refused ? RP_CONSENT_PENDING : RP_CONSENT_GIVEN;
}

static void note_one(struct rp_lead *lead, const struct rp_event *event, enum rp_consent said,
                     struct rp_str purpose)
{
    struct entry entry;

    if (purpose.len == 0)
        purpose = said == RP_CONSENT_GIVEN ? RP_STR("marketing") : RP_STR(RP_CONSENT_ALL);
    name_entry(&entry, purpose);
    if (!is_named(&entry, RP_CONSENT_ALL) && is_past_bound(lead, &entry)) {
        if (said == RP_CONSENT_GIVEN)
            return;
        name_entry(&entry, RP_STR(RP_CONSENT_ALL));
    }
    entry.at_ms = event->effective_ms;
    entry.consent = (uint8_t)(said == RP_CONSENT_GIVEN ? granted(lead, event, &entry) : said);
    if (is_named(&entry, RP_CONSENT_ALL))
        clear(lead, INT64_MAX);
    put(lead, &entry);
    if (is_named(&entry, RP_CONSENT_ALL) && said != RP_CONSENT_UNSUBSCRIBED) {
        enum rp_consent consent = (enum rp_consent)entry.consent;

        name_entry(&entry, RP_STR(RP_CONSENT_PROFILING));
        entry.at_ms = event->effective_ms;
        entry.consent = (uint8_t)consent;
        put(lead, &entry);
    }
}

void rp_consent_note(struct rp_lead *lead, const struct rp_event *event)
{
    enum rp_consent said = said_by(event);
    const struct rp_prop *prop;

    if (said == RP_CONSENT_UNKNOWN)
        return;
    prop = rp_event_get(event, rp_path_of(RP_STR("properties.purpose")));
    if (prop && prop->type == RP_ARRAY) {
        for (uint32_t i = (uint32_t)(prop - event->props) + 1; i < prop->next;
             i = event->props[i].next) {
            if (event->props[i].type == RP_STRING && event->props[i].text.len > 0)
                note_one(lead, event, said, event->props[i].text);
        }
        return;
    }
    note_one(lead, event, said, prop && prop->type == RP_STRING ? prop->text : RP_STR(""));
}

/* ---- Reading --------------------------------------------------------------------------------- */

enum rp_consent rp_consent_of(const struct rp_lead *lead, struct rp_str purpose, int64_t *ret_at_ms)
{
    const struct entry *found;
    struct entry wanted;

    name_entry(&wanted, purpose);
    found = speaker(lead, &wanted);
    if (ret_at_ms)
        *ret_at_ms = found ? found->at_ms : RP_NEVER;
    return found ? (enum rp_consent)found->consent : RP_CONSENT_UNKNOWN;
}

bool rp_consent_objected(const struct rp_lead *lead)
{
    return rp_consent_of(lead, RP_STR(RP_CONSENT_PROFILING), NULL) == RP_CONSENT_WITHDRAWN;
}

bool rp_consent_next(const struct rp_lead *lead, uint32_t *at, struct rp_consent_entry *ret_entry)
{
    struct entry *entries;
    uint32_t count = entries_of(lead, &entries);

    if (*at >= count)
        return false;
    *ret_entry = (struct rp_consent_entry){
        .purpose = {entries[*at].purpose, entries[*at].len},
        .consent = (enum rp_consent)entries[*at].consent,
        .at_ms = entries[*at].at_ms,
    };
    (*at)++;
    return true;
}

void rp_consent_join(struct rp_lead *lead, struct rp_str block)
{
    for (size_t at = 0; at + sizeof(struct entry) <= block.len; at += sizeof(struct entry)) {
        struct entry entry;
        const struct entry *now;

        memcpy(&entry, block.ptr + at, sizeof(entry));
        if (entry.len > RP_CONSENT_PURPOSE_MAX || entry.consent > RP_CONSENT_UNSUBSCRIBED)
            continue;
        now = speaker(lead, &entry);
        if (now && now->at_ms > entry.at_ms)
            continue;
        if (is_named(&entry, RP_CONSENT_ALL))
            clear(lead, entry.at_ms);
        put(lead, &entry);
    }
}
