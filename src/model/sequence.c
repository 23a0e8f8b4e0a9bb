/* SPDX-License-Identifier: MIT */
/* The cell of a lead's sequences: an array, in the order in which they began. */
#include "model/sequence.h"

#include "base/check.h"
#include "base/limits.h"

#include <string.h>

_Static_assert(sizeof(struct rp_instance) == 56, "instances are stored as they are");

static uint32_t key(void)
{
    return rp_cell_key(RP_CELL_SEQUENCES, 0, 0);
}

const char *rp_instance_state_name(enum rp_instance_state state)
{
    static const char *const names[RP_INSTANCE_STATES] = {"running", "paused",    "done",
                                                          "exited",  "cancelled", "merged"};

    RP_ASSERT((size_t)state < RP_COUNT(names));
    return names[state];
}

struct rp_instance *rp_instances(const struct rp_lead *lead, uint32_t *ret_count)
{
    uint32_t len = 0;
    struct rp_instance *list = rp_lead_cell(lead, key(), &len);

    *ret_count = list ? len / (uint32_t)sizeof(*list) : 0;
    return list;
}

/* The lead was in the same sequence again. */
static bool is_followed(const struct rp_instance *list, uint32_t count, uint32_t at)
{
    for (uint32_t i = at + 1; i < count; i++) {
        if (list[i].sequence == list[at].sequence)
            return true;
    }
    return false;
}

/* Ended, and its row says so: what a decision ended stays until the decision is written. */
static bool is_over(const struct rp_instance *in, const struct rp_instance *added)
{
    return !rp_instance_is_live(in->state) && (added->row || in->entered_ms < added->started_ms);
}

/* Takes one that is over out of the array: the oldest that nobody asks for any more, since only the
 * newest of a sequence tells whether it may start again; else the oldest. */
static bool drop_one(struct rp_instance *list, uint32_t count, const struct rp_instance *added)
{
    uint32_t oldest = count;

    for (uint32_t i = count; i-- > 0;) {
        if (is_over(&list[i], added) &&
            (oldest == count || is_followed(list, count, i) || !is_followed(list, count, oldest)))
            oldest = i;
    }
    if (oldest == count)
        return false;
    memmove(&list[oldest], &list[oldest + 1], (count - oldest - 1) * sizeof(*list));
    return true;
}

bool rp_instance_add(struct rp_lead *lead, const struct rp_instance *instance)
{
    uint32_t count;
    struct rp_instance *list = rp_instances(lead, &count);

    if (count == RP_INSTANCES_MAX) {
        if (!drop_one(list, count, instance))
            return false;
        count--;
    }
    list = rp_lead_cell_resize(lead, key(), (count + 1) * (uint32_t)sizeof(*list));
    list[count] = *instance;
    return true;
}

struct rp_instance *rp_instance_find(const struct rp_lead *lead, uint64_t sequence)
{
    uint32_t count;
    struct rp_instance *list = rp_instances(lead, &count);

    while (count > 0) {
        if (list[--count].sequence == sequence)
            return &list[count];
    }
    return NULL;
}
