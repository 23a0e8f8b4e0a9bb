/* SPDX-License-Identifier: MIT */
/* Functions without memory: tables that a function reaches through its upvalues are locked, and
 * what else it can reach there is compared after each call with what it was at load. */
#ifndef RP_ENGINE_VM_FREEZE_H
#define RP_ENGINE_VM_FREEZE_H

#include <stdbool.h>

#include <lua.h>

/* Locks what the function on top of the stack reaches and leaves a list of its upvalues in its
 * place. Raises when tables are nested too deeply. */
void rp_vm_freeze(lua_State *L);
/* Puts the upvalues of the list on top back to what they were; pushes the name of the first that
 * had changed and returns true, or pushes nothing. The list stays. */
bool rp_vm_thaw(lua_State *L);

#endif
