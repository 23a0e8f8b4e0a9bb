/* SPDX-License-Identifier: MIT */
/* string.format. */
#ifndef RP_ENGINE_LIB_FORMAT_H
#define RP_ENGINE_LIB_FORMAT_H

#include <lua.h>

/* %d %i %u %c %x %X %o %e %E %f %F %g %G %s %q-less and %%; no %p and %a: they differ from run to
 * run or from machine to machine. */
int rp_lib_format(lua_State *L);

#endif
