/* SPDX-License-Identifier: MIT */
/* The owner's cell: times and lengths, then the two texts. */
#include "model/owner.h"

#include "base/check.h"

#include <string.h>

struct head {
    int64_t since_ms, refused_ms, barred_ms;
    uint64_t sent;
    uint32_t name_len, refuser_len;
};

static uint32_t key(void)
{
    return rp_cell_key(RP_CELL_OWNER, 0, 0);
}

void rp_owner_get(const struct rp_lead *lead, struct rp_owner *ret_owner)
{
    uint32_t len = 0;
    const char *cell = rp_lead_cell(lead, key(), &len);
    struct head head;

    *ret_owner = (struct rp_owner){.name = RP_STR(""), .refuser = RP_STR("")};
    if (!cell || len < sizeof(head))
        return;
    memcpy(&head, cell, sizeof(head));
    if ((uint64_t)head.name_len + head.refuser_len > len - sizeof(head))
        return;
    *ret_owner = (struct rp_owner){
        .name = {cell + sizeof(head), head.name_len},
        .refuser = {cell + sizeof(head) + head.name_len, head.refuser_len},
        .since_ms = head.since_ms,
        .refused_ms = head.refused_ms,
        .sent = head.sent,
        .barred_ms = head.barred_ms,
    };
}

void rp_owner_set(struct rp_lead *lead, const struct rp_owner *owner)
{
    struct head head = {owner->since_ms, owner->refused_ms,         owner->barred_ms,
                        owner->sent,     (uint32_t)owner->name.len, (uint32_t)owner->refuser.len};
    char texts[2 * RP_OWNER_MAX]; /* they may stand in the cell that is about to move */
    size_t len = owner->name.len + owner->refuser.len;
    char *cell;

    RP_ASSERT(owner->name.len <= RP_OWNER_MAX && owner->refuser.len <= RP_OWNER_MAX);
    if (owner->name.len)
        memcpy(texts, owner->name.ptr, owner->name.len);
    if (owner->refuser.len)
        memcpy(texts + owner->name.len, owner->refuser.ptr, owner->refuser.len);
    cell = rp_lead_cell_resize(lead, key(), (uint32_t)(sizeof(head) + len));
    memcpy(cell, &head, sizeof(head));
    memcpy(cell + sizeof(head), texts, len);
}
