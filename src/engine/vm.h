/* SPDX-License-Identifier: MIT */
/* A Lua state with the test functions of one generation. One thread at a time; several may exist.
 */
#ifndef RP_ENGINE_VM_H
#define RP_ENGINE_VM_H

#include "base/arena.h"
#include "base/err.h"
#include "engine/ruleset.h"
#include "model/event.h"

struct rp_vm;

/* What `lead` and `past` show to a test function, and `lookup` columns of the event. */
struct rp_vm_facts {
    void *ctx;
    /* The value of a lead field by dotted name without "lead." ("company.employees"); false:
     * unknown. Types RP_STRING, RP_NUMBER, RP_BOOL. */
    bool (*lead)(void *ctx, struct rp_str name, struct rp_scalar *ret_value);
    /* The value of rules->scores[rule].uses[use] over past events; NAN: unknown. */
    double (*past)(void *ctx, uint32_t rule, uint32_t use);
};

struct rp_test_result {
    double share;           /* 0..1 */
    struct rp_str evidence; /* "", at most RP_EVIDENCE_MAX bytes */
    const char *fault;      /* on failure: "error", "result", "budget" or "memory" */
};

/* NULL only with err: the sources loaded once already, so failure means memory or a bug. */
struct rp_vm *rp_vm_new(const struct rp_rules *rules, struct rp_err *err);
void rp_vm_free(struct rp_vm *vm);

/* Runs test function `test` of score rule `rule`. 0, or ERULE (raised an error, wrong result) or
 * EBUDGET (instructions, memory) with the place in err. Deterministic: depends on the arguments
 * only. */
int rp_vm_test(struct rp_arena *arena, struct rp_vm *vm, uint32_t test, uint32_t rule,
               const struct rp_event *event, const struct rp_vm_facts *facts,
               struct rp_test_result *ret_result, struct rp_err *err);

/* Smaller budgets for each call than RP_RULE_STEPS_MAX and RP_RULE_BYTES_MAX, which it starts with:
 * for tests of the cage. */
void rp_vm_limits(struct rp_vm *vm, uint64_t steps, size_t bytes);

/* Instructions used by the last call. */
uint64_t rp_vm_steps(const struct rp_vm *vm);

#endif
