/* SPDX-License-Identifier: MIT */
/* Counters of a lead's events: what conditions (did, visits) and habits (count, days, distinct,
 * days_since, visits) are answered from. A counter keeps the newest entries that its uses can ask
 * for and no more: newest by effective time for windows, newest by receivedAt for "since the entry
 * into the present stage", and for distinct days the newest entry of each day in both orders. Which
 * entries are kept depends on the folded sequence alone.
 *
 *   cell:  total u64, then entries in effective order
 *   entry: at i64, received i64 [, day i64 with by_day];  of DISTINCT: at i64, hash of the value
 * u64 a visit's entry holds the time of its last hit */
#include "base/hash.h"
#include "base/limits.h"
#include "engine/eval.h"

#define VISIT_GAP    (30 * RP_MINUTE)
#define ENTRIES_MAX  (4 * RP_WINDOW_ENTRIES_MAX + 16) /* two orders, of entries and of days */
#define BY_DAY_SLACK 8                                /* so that days are sorted out now and then */

struct entry {
    int64_t at, received, day;
};

/* A counter's cell, taken apart. */
struct entries {
    int64_t total;
    const uint8_t *bytes;
    uint32_t count, stride;
};

static uint32_t entry_size(const struct rp_counter *counter)
{
    return counter->by_day && counter->op != RP_COUNTER_DISTINCT ? 24 : 16;
}

static struct entries entries_of(const struct rp_scratch *s, uint32_t counter)
{
    uint32_t len = 0;
    struct entries entries = {.stride = entry_size(&s->rules->counters[counter])};
    const uint8_t *cell = rp_lead_cell(s->lead, rp_cell_key(RP_CELL_COUNT, 0, counter), &len);

    if (cell && len >= 8) {
        memcpy(&entries.total, cell, sizeof(entries.total));
        entries.bytes = cell + 8;
        entries.count = (len - 8) / entries.stride;
    }
    return entries;
}

static struct entry entry_at(const struct entries *entries, uint32_t i)
{
    struct entry entry = {0};

    memcpy(&entry, entries->bytes + (size_t)i * entries->stride, entries->stride);
    return entry;
}

/* ---- Which entries stay -----------------------------------------------------------------------
 */

struct keeping {
    struct entry *items;
    uint32_t count, keep;
    bool by_day;
    bool stays[ENTRIES_MAX];
};

static bool received_later(const struct entry *items, uint32_t i, uint32_t j)
{
    return items[j].received > items[i].received ||
           (items[j].received == items[i].received && j > i);
}

/* In effective order: the newest, and the newest of each of the newest days. */
static void keep_effective(struct keeping *k)
{
    uint32_t days = 0;

    for (uint32_t i = k->count; i-- > 0;) {
        bool last_of_day = i + 1 == k->count || k->items[i].day != k->items[i + 1].day;

        k->stays[i] = k->count - 1 - i < k->keep || (k->by_day && last_of_day && days < k->keep);
        days += last_of_day;
    }
}

static bool last_received_of_day(const struct keeping *k, uint32_t i)
{
    for (uint32_t j = 0; j < k->count; j++) {
        if (k->items[j].day == k->items[i].day && received_later(k->items, i, j))
            return false;
    }
    return true;
}

/* By receivedAt, where that is another order. */
static void keep_received(struct keeping *k)
{
    bool day_last[ENTRIES_MAX];

    for (uint32_t i = 0; i < k->count; i++)
        day_last[i] = k->by_day && last_received_of_day(k, i);
    for (uint32_t i = 0; i < k->count; i++) {
        uint32_t later = 0, later_days = 0;

        if (k->stays[i])
            continue;
        for (uint32_t j = 0; j < k->count; j++) {
            bool after = received_later(k->items, i, j);

            later += after;
            later_days += after && day_last[j];
        }
        k->stays[i] = later < k->keep || (day_last[i] && later_days < k->keep);
    }
}

static uint32_t entries_prune(struct keeping *k)
{
    uint32_t kept = 0;
    bool same_order = true;

    RP_ASSERT(k->count <= ENTRIES_MAX);
    for (uint32_t i = 1; i < k->count; i++)
        same_order &= k->items[i].received >= k->items[i - 1].received;
    keep_effective(k);
    if (!same_order)
        keep_received(k);
    for (uint32_t i = 0; i < k->count; i++) {
        if (k->stays[i])
            k->items[kept++] = k->items[i];
    }
    return kept;
}

static uint32_t counter_keep(const struct rp_counter *counter)
{
    uint32_t keep = counter->keep ? counter->keep : 1;

    return keep < RP_WINDOW_ENTRIES_MAX ? keep : RP_WINDOW_ENTRIES_MAX;
}

/* ---- Adding -------------------------------------------------------------------------------------
 */

static int64_t event_day(struct rp_scratch *s)
{
    const struct rp_value *zone = rp_bind_value(s, s->rules->timezone_field);

    if (s->day_of != s->epoch) {
        s->day_of = s->epoch;
        s->day =
            rp_zone_day(zone ? rp_value_text(s, zone) : (struct rp_str){0}, s->event->effective_ms);
    }
    return s->day;
}

static void entries_store(struct rp_lead *lead, uint32_t index, uint32_t stride, int64_t total,
                          const struct entry *items, uint32_t count)
{
    uint8_t *cell =
        rp_lead_cell_resize(lead, rp_cell_key(RP_CELL_COUNT, 0, index), 8 + count * stride);

    memcpy(cell, &total, sizeof(total));
    for (uint32_t i = 0; i < count; i++)
        memcpy(cell + 8 + (size_t)i * stride, &items[i], stride);
}

/* Events and visits: true when the entry lengthens the newest visit instead of being one more. */
static bool entry_joins(const struct rp_counter *counter, struct entry *newest,
                        const struct entry *entry)
{
    if (counter->op != RP_COUNTER_VISITS || entry->at - newest->at >= VISIT_GAP)
        return false;
    newest->at = entry->at;
    newest->received = entry->received > newest->received ? entry->received : newest->received;
    return true;
}

static void counter_add(struct rp_scratch *s, struct rp_lead *lead, uint32_t index)
{
    const struct rp_counter *counter = &s->rules->counters[index];
    struct entries old = entries_of(s, index);
    uint32_t keep = counter_keep(counter);
    struct entry entry = {s->event->effective_ms, s->event->received_ms, 0};
    struct entry items[ENTRIES_MAX + 1];
    struct keeping keeping = {.items = items, .keep = keep, .by_day = counter->by_day};
    uint32_t count = old.count < ENTRIES_MAX - 1 ? old.count : ENTRIES_MAX - 1;

    if (counter->by_day)
        entry.day = event_day(s);
    for (uint32_t i = 0; i < count; i++)
        items[i] = entry_at(&old, i);
    if (count == 0 || !entry_joins(counter, &items[count - 1], &entry)) {
        items[count++] = entry;
        old.total++;
    }
    if (count > (counter->by_day ? 2 * keep + BY_DAY_SLACK : keep)) {
        keeping.count = count;
        count = entries_prune(&keeping);
    }
    entries_store(lead, index, old.stride, old.total, items, count);
}

/* The newest distinct values, each with the time at which it was last seen. */
static void distinct_add(struct rp_scratch *s, struct rp_lead *lead, uint32_t index,
                         struct rp_atom *atom)
{
    const struct rp_counter *counter = &s->rules->counters[index];
    struct entries old = entries_of(s, index);
    uint32_t keep = counter_keep(counter), count = 0, first = 0;
    struct entry items[RP_WINDOW_ENTRIES_MAX + 1];
    struct entry entry = {.at = s->event->effective_ms};
    uint64_t hash = rp_hash(rp_atom_folded(s, atom));

    memcpy(&entry.received, &hash, sizeof(hash));
    for (uint32_t i = 0; i < old.count && count < RP_WINDOW_ENTRIES_MAX; i++) {
        struct entry item = entry_at(&old, i);

        if (item.received != entry.received)
            items[count++] = item;
    }
    items[count++] = entry;
    if (count > keep)
        first = count - keep;
    entries_store(lead, index, old.stride, old.total + 1, items + first, count - first);
}

static void counter_take(struct rp_scratch *s, struct rp_lead *lead, uint32_t index)
{
    const struct rp_counter *counter = &s->rules->counters[index];
    const struct rp_value *value;

    if (s->counter_epoch[index] == s->epoch)
        return;
    s->counter_epoch[index] = s->epoch;
    if (counter->where && rp_cond_eval(s, counter->where) != RP_TRUE)
        return;
    if (counter->op != RP_COUNTER_DISTINCT) {
        counter_add(s, lead, index);
        return;
    }
    value = rp_bind_value(s, counter->field);
    for (uint32_t i = 0; value && i < value->count; i++)
        distinct_add(s, lead, index, &value->atoms[i]);
}

void rp_counters_add(struct rp_scratch *s, struct rp_lead *lead)
{
    const struct rp_index *index = s->index;
    const struct rp_event *event = s->event;

    for (uint32_t k = 0; k < s->kind_count; k++) {
        const struct rp_dispatch *dispatch = &index->dispatch[s->kinds[k]];

        for (uint32_t i = 0; i < dispatch->counter_count; i++)
            counter_take(s, lead, dispatch->counters[i]);
    }
    if ((event->type != RP_PAGE && event->type != RP_SCREEN) || (event->flags & RP_EVENT_CRM))
        return;
    for (uint32_t i = 0; i < index->visit_count; i++)
        counter_take(s, lead, index->visits[i]);
}

/* ---- Reading --------------------------------------------------------------------------------- */

struct rp_span rp_span_within(int64_t now_ms, int64_t within_ms)
{
    if (within_ms == 0)
        return (struct rp_span){INT64_MIN, INT64_MAX, RP_NEVER};
    return (struct rp_span){now_ms - within_ms, now_ms, RP_NEVER};
}

static bool span_holds(const struct rp_span *span, const struct entry *entry, bool distinct)
{
    return entry->at > span->after_ms && entry->at <= span->until_ms &&
           (distinct || entry->received >= span->received_ms);
}

uint32_t rp_counter_count(const struct rp_scratch *s, uint32_t counter, const struct rp_span *span)
{
    bool distinct = s->rules->counters[counter].op == RP_COUNTER_DISTINCT;
    struct entries entries = entries_of(s, counter);
    uint32_t count = 0;

    if (span->after_ms == INT64_MIN && span->received_ms == RP_NEVER && !distinct)
        count = (uint32_t)(entries.total < RP_WINDOW_ENTRIES_MAX ? entries.total
                                                                 : RP_WINDOW_ENTRIES_MAX);
    else
        for (uint32_t i = 0; i < entries.count; i++) {
            struct entry entry = entry_at(&entries, i);

            count += span_holds(span, &entry, distinct);
        }
    return count < RP_WINDOW_ENTRIES_MAX ? count : RP_WINDOW_ENTRIES_MAX;
}

static bool day_seen(const struct entries *entries, uint32_t before, const struct rp_span *span,
                     int64_t day)
{
    for (uint32_t i = 0; i < before; i++) {
        struct entry entry = entry_at(entries, i);

        if (entry.day == day && span_holds(span, &entry, false))
            return true;
    }
    return false;
}

uint32_t rp_counter_days(const struct rp_scratch *s, uint32_t counter, const struct rp_span *span)
{
    struct entries entries = entries_of(s, counter);
    int64_t newest = INT64_MIN;
    uint32_t days = 0;

    RP_ASSERT(s->rules->counters[counter].by_day);
    for (uint32_t i = 0; i < entries.count; i++) {
        struct entry entry = entry_at(&entries, i);

        if (!span_holds(span, &entry, false))
            continue;
        /* Days go back only where the lead's time zone changed. */
        days +=
            entry.day > newest || (entry.day < newest && !day_seen(&entries, i, span, entry.day));
        newest = entry.day > newest ? entry.day : newest;
    }
    return days < RP_WINDOW_ENTRIES_MAX ? days : RP_WINDOW_ENTRIES_MAX;
}

int64_t rp_counter_newest(const struct rp_scratch *s, uint32_t counter)
{
    struct entries entries = entries_of(s, counter);

    return entries.count ? entry_at(&entries, entries.count - 1).at : RP_NEVER;
}

int64_t rp_counter_falls(const struct rp_scratch *s, uint32_t counter, int64_t within_ms, bool days,
                         uint32_t n)
{
    struct rp_span span = rp_span_within(s->now_ms, within_ms);
    bool distinct = s->rules->counters[counter].op == RP_COUNTER_DISTINCT;
    struct entries entries = entries_of(s, counter);
    int64_t last_day = INT64_MAX;
    uint32_t found = 0;

    for (uint32_t i = entries.count; n && i-- > 0;) {
        struct entry entry = entry_at(&entries, i);

        if (!span_holds(&span, &entry, distinct) || (days && entry.day == last_day))
            continue;
        last_day = entry.day; /* where days go back, some count twice: found too early, not late */
        if (++found == n)
            return entry.at + within_ms;
    }
    return INT64_MAX;
}

bool rp_measure(const struct rp_scratch *s, enum rp_measure measure, uint32_t counter,
                int64_t within_ms, double *ret_value)
{
    struct rp_span span = rp_span_within(s->now_ms, within_ms);
    int64_t newest, days;

    switch (measure) {
    case RP_MEASURE_COUNT:
    case RP_MEASURE_DISTINCT:
        *ret_value = rp_counter_count(s, counter, &span);
        return true;
    case RP_MEASURE_DAYS:
        *ret_value = rp_counter_days(s, counter, &span);
        return true;
    case RP_MEASURE_DAYS_SINCE:
        newest = rp_counter_newest(s, counter);
        if (newest == RP_NEVER)
            return false;
        days = newest < s->now_ms ? (s->now_ms - newest) / RP_DAY : 0;
        *ret_value = (double)days;
        return true;
    case RP_MEASURE_FIELD:
    case RP_MEASURE_FILLED:
    case RP_MEASURE_YEARS_SINCE:
        break;
    }
    RP_UNREACHABLE();
}
