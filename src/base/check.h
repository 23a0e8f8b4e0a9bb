/* SPDX-License-Identifier: MIT */
/* Assertions for bugs of ours. They are always compiled in; whatever a client, a rule, a file, a
 * disk or a peer can cause is an error value and never an assertion. */
#ifndef RP_BASE_CHECK_H
#define RP_BASE_CHECK_H

#include <stdint.h>

/* Prints the expression and its place on stderr and aborts. */
_Noreturn void rp_check_failed(const char *expr, const char *file, int line);

#define RP_ASSERT(expr)  ((expr) ? (void)0 : rp_check_failed(#expr, __FILE__, __LINE__))
#define RP_UNREACHABLE() rp_check_failed("unreachable", __FILE__, __LINE__)
/* Objects that travel through void * start with `uint32_t magic`. */
#define RP_CHECK_OBJ(obj, m) RP_ASSERT((obj) != NULL && (obj)->magic == (m))

#define RP_MUST_USE          __attribute__((warn_unused_result))
#define RP_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define RP_COUNT(array)      (sizeof(array) / sizeof((array)[0]))

#endif
