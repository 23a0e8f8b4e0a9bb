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

/* Takes the oldest that has ended out of the array. */
static bool drop_one(struct rp_instance *list, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (rp_instance_is_live(list[i].state))
            continue;
        memmove(&list[i], &list[i + 1], (count - i - 1) * sizeof(*list));
        return true;
    }
    return false;
}

bool rp_instance_add(struct rp_lead *lead, const struct rp_instance *instance)
{
    uint32_t count;
    struct rp_instance *list = rp_instances(lead, &count);

    if (count == RP_INSTANCES_MAX) {
        if (!drop_one(list, count))
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
