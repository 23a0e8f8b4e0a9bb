/* SPDX-License-Identifier: MIT */
/* What a test function sees: `event`, `lead` and `past` as read-only views that fetch a value when
 * it is read. A view is good for the call that it was made for. */
#ifndef RP_ENGINE_VM_VIEW_H
#define RP_ENGINE_VM_VIEW_H

#include "engine/sandbox.h"
#include "engine/vm.h"

/* The call that views read from. */
struct rp_vm_call {
    const struct rp_rules *rules;
    uint32_t rule;
    const struct rp_event *event;
    const struct rp_vm_facts *facts;
    uint64_t serial; /* grows from call to call */
};

/* Adds the metatable to the registry; once a state, protected. */
void rp_vm_views_open(lua_State *L);
/* Pushes event, lead and past. */
void rp_vm_views_push(lua_State *L, const struct rp_vm_call *call);

#endif
