/* SPDX-License-Identifier: MIT */
/* Work that may not end, eat memory or crash, in a child process with limits: `check` and `test`
 * run rules there. The sandbox's own budget decides what a rule may do; this is the wall behind it.
 * What the work prints on standard output and standard error comes back through pipes, so that
 * nothing half-done is shown. */
#ifndef RP_CLI_CHILD_H
#define RP_CLI_CHILD_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct rp_child_limits {
    uint64_t memory_bytes; /* address space */
    uint64_t cpu_s;
    int64_t wall_ms;
    uint64_t file_bytes; /* the largest file it may write; 0: none */
    uint64_t files;      /* descriptors */
};

/* For reading rules, and for running their tests. */
extern const struct rp_child_limits rp_child_limits_check, rp_child_limits_test;

/* Runs in the child; prints as ever and returns the exit status. Ask for terminals (colours,
 * columns) before: in the child, standard output is a pipe. Temporary memory need not be freed. */
typedef int rp_child_work(void *context);

enum rp_child_end {
    RP_CHILD_DONE, /* `status` is the work's */
    RP_CHILD_TIME,
    RP_CHILD_MEMORY,
    RP_CHILD_DIED, /* of `signal`: a bug of ours */
};

struct rp_child_result {
    enum rp_child_end end;
    int status, signal;
    struct rp_buf out, talk; /* what it printed on standard output and standard error */
};

/* Runs the work to its end or its limit. 0, or EIO when there is no process to be had. Under a
 * sanitizer or valgrind the limits are wider. Call before any thread was started; open no database
 * and no file that the child should use. Free the result with rp_child_fini. */
int rp_child_run(rp_child_work *work, void *context, const struct rp_child_limits *limits,
                 struct rp_child_result *ret_result, struct rp_err *err);
void rp_child_fini(struct rp_child_result *result);

/* The usual end: passes on what was printed and returns the status; a limit becomes a finding
 * about `what` (a rules directory) in that format, and status 1. */
enum rp_child_shape { RP_CHILD_TEXT, RP_CHILD_JSON };
int rp_child_finish(struct rp_child_result *result, const char *what, enum rp_child_shape shape);

#endif
