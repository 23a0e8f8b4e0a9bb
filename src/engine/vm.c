/* SPDX-License-Identifier: MIT */
/* Runs test functions. The files that hold any are run again in a state of their own; their
 * functions are numbered as at load. Knows Lua and the fold's facts; knows nothing of leads or
 * stores. Invariants: each call has the same budget and starts from the same state, so that its
 * outcome depends on its arguments alone; after a memory failure the state is thrown away and the
 * call runs once more on a fresh one. */
#include "engine/vm.h"

#include "base/limits.h"
#include "base/mem.h"
#include "engine/declare.h"
#include "engine/vm_freeze.h"
#include "engine/vm_view.h"

#include <math.h>
#include <stdlib.h>

#define MAGIC           0x52564d31u
#define LOAD_HEAP_BYTES ((size_t)24 << 20)
#define THAW_STEPS      1000000

static char lists_key; /* registry: test number + 1 → list of upvalues */

struct rp_vm {
    uint32_t magic;
    const struct rp_rules *rules;
    struct rp_sandbox *sandbox; /* NULL: to be built again */
    struct rp_vm_call call;
    uint64_t steps;
    uint64_t steps_max; /* of a call */
    size_t bytes_max;
};

/* ---- Building -------------------------------------------------------------------------------- */

static int freeze_all(lua_State *L)
{
    const struct rp_vm *vm = lua_touserdata(L, 1);

    rp_vm_views_open(L);
    lua_createtable(L, (int)vm->rules->test_count, 0);
    for (uint32_t i = 0; i < vm->rules->test_count; i++) {
        rp_recorder_push_function(L, i);
        rp_vm_freeze(L);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_rawsetp(L, LUA_REGISTRYINDEX, &lists_key);
    return 0;
}

/* Runs the files that hold tests, in their order, and so finds the functions under their numbers.
 */
static bool run_files(struct rp_vm *vm, struct rp_recorder *recorder)
{
    const struct rp_rules *rules = vm->rules;

    for (uint32_t file = 0; file < rules->source_count; file++) {
        bool wanted = false;

        for (uint32_t i = 0; i < rules->test_count; i++)
            wanted |= rules->tests[i].place.file == file;
        if (wanted && !rp_recorder_run(recorder, vm->sandbox, file, &rules->sources[file]))
            return false;
    }
    return recorder->functions == rules->test_count;
}

static int build(struct rp_vm *vm, struct rp_err *err)
{
    struct rp_arena arena;
    struct rp_recorder recorder = {
        .arena = &arena, .decls = rp_schema_decls, .calls = rp_schema_calls};
    int status = 0;

    rp_arena_init(&arena);
    vm->sandbox = rp_recorder_sandbox(&recorder, LOAD_HEAP_BYTES, err);
    if (vm->sandbox == NULL) {
        status = RIPEN_EBUDGET;
        goto out;
    }
    rp_sandbox_begin(vm->sandbox, RP_PHASE_DECLARE, RP_LOAD_STEPS_MAX);
    if (!run_files(vm, &recorder) ||
        rp_sandbox_protect(vm->sandbox, freeze_all, vm) != RP_TRIP_NONE) {
        status = rp_err_at(err, RIPEN_EBUDGET, rp_str_from(vm->sandbox->file), vm->sandbox->line,
                           "the rules' tests cannot be prepared: %s", vm->sandbox->message);
        rp_sandbox_free(vm->sandbox);
        vm->sandbox = NULL;
        goto out;
    }
    lua_gc(vm->sandbox->L, LUA_GCCOLLECT);
    vm->sandbox->host = vm;
    vm->sandbox->cap = vm->sandbox->used + vm->bytes_max;
out:
    rp_arena_fini(&arena);
    return status;
}

struct rp_vm *rp_vm_new(const struct rp_rules *rules, struct rp_err *err)
{
    struct rp_vm *vm = rp_calloc(1, sizeof *vm);

    vm->magic = MAGIC;
    vm->rules = rules;
    vm->call.rules = rules;
    vm->steps_max = RP_RULE_STEPS_MAX;
    vm->bytes_max = RP_RULE_BYTES_MAX;
    if (rules->test_count > 0 && build(vm, err) < 0) {
        rp_vm_free(vm);
        return NULL;
    }
    return vm;
}

void rp_vm_free(struct rp_vm *vm)
{
    if (vm == NULL)
        return;
    RP_CHECK_OBJ(vm, MAGIC);
    rp_sandbox_free(vm->sandbox);
    vm->magic = 0;
    free(vm);
}

void rp_vm_limits(struct rp_vm *vm, uint64_t steps, size_t bytes)
{
    RP_CHECK_OBJ(vm, MAGIC);
    vm->steps_max = steps;
    vm->bytes_max = bytes;
    if (vm->sandbox != NULL)
        vm->sandbox->cap = vm->sandbox->used + bytes;
}

uint64_t rp_vm_steps(const struct rp_vm *vm)
{
    return vm->steps;
}

/* ---- Running --------------------------------------------------------------------------------- */

struct run {
    struct rp_vm *vm;
    struct rp_arena *arena;
    uint32_t test;
    struct rp_test_result result;
    bool wrong_result;
};

/* Cut where a character starts. */
static struct rp_str cut(struct rp_str text)
{
    if (text.len <= RP_EVIDENCE_MAX)
        return text;
    text.len = RP_EVIDENCE_MAX;
    while (text.len > 0 && ((unsigned char)text.ptr[text.len] & 0xc0) == 0x80)
        text.len--;
    return text;
}

static void take_result(lua_State *L, struct run *run)
{
    switch (lua_type(L, 1)) {
    case LUA_TNIL:
        run->result.share = 0;
        break;
    case LUA_TBOOLEAN:
        run->result.share = lua_toboolean(L, 1);
        break;
    case LUA_TNUMBER:
        run->result.share = lua_tonumber(L, 1);
        if (isnan(run->result.share)) {
            run->wrong_result = true;
            luaL_error(L, "it returned a share that is no number");
        }
        run->result.share = fmin(fmax(run->result.share, 0), 1);
        break;
    default:
        run->wrong_result = true;
        luaL_error(L, "it must return false, true or a share from 0 to 1, not a %s",
                   luaL_typename(L, 1));
    }
    if (lua_type(L, 2) == LUA_TSTRING || lua_type(L, 2) == LUA_TNUMBER) {
        struct rp_str text;

        text.ptr = lua_tolstring(L, 2, &text.len);
        run->result.evidence = rp_arena_str(run->arena, cut(text));
    } else if (lua_type(L, 2) > LUA_TNIL) {
        run->wrong_result = true;
        luaL_error(L, "the evidence must be a text, not a %s", luaL_typename(L, 2));
    }
}

static int run_test(lua_State *L)
{
    struct run *run = lua_touserdata(L, 1);

    rp_recorder_push_function(L, run->test);
    rp_vm_views_push(L, &run->vm->call);
    lua_remove(L, 1);
    lua_call(L, 3, 2);
    take_result(L, run);
    return 0;
}

/* Puts back what the function changed; raises when it did. */
static int thaw(lua_State *L)
{
    const struct run *run = lua_touserdata(L, 1);

    lua_rawgetp(L, LUA_REGISTRYINDEX, &lists_key);
    lua_rawgeti(L, -1, (lua_Integer)run->test + 1);
    if (rp_vm_thaw(L))
        return luaL_error(L, "it remembers '%s' between events; use uses = { count(…) } and past",
                          lua_tostring(L, -1));
    return 0;
}

static int failed(struct rp_vm *vm, struct run *run, enum rp_trip kind,
                  struct rp_test_result *ret_result, struct rp_err *err)
{
    const struct rp_test_fn *test = &vm->rules->tests[run->test];
    const struct rp_sandbox *sandbox = vm->sandbox;
    struct rp_str file = vm->rules->sources[test->place.file].path;
    int line = sandbox->line > 0 ? sandbox->line : test->place.line;
    char text[300], hint[200];

    rp_sandbox_explain(sandbox, text, sizeof text, hint, sizeof hint);
    ret_result->fault = kind == RP_TRIP_STEPS    ? "budget"
                        : kind == RP_TRIP_MEMORY ? "memory"
                        : run->wrong_result      ? "result"
                                                 : "error";
    if (kind == RP_TRIP_STEPS)
        return rp_err_at(
            err, RIPEN_EBUDGET, file, line,
            "rule \"%.*s\": its test takes more than %llu steps; do less for one event",
            RP_STR_ARG(test->rule), (unsigned long long)vm->steps_max);
    return rp_err_at(err, kind == RP_TRIP_MEMORY ? RIPEN_EBUDGET : RIPEN_ERULE, file, line,
                     "rule \"%.*s\": %s%s%s", RP_STR_ARG(test->rule), text, hint[0] ? "; " : "",
                     hint);
}

static enum rp_trip run_once(struct rp_vm *vm, struct run *run)
{
    char message[sizeof vm->sandbox->message], file[sizeof vm->sandbox->file];
    enum rp_trip kind, thawed;
    const char *last_nil;
    int line;

    vm->call.serial++;
    run->wrong_result = false;
    rp_sandbox_begin(vm->sandbox, RP_PHASE_TEST, vm->steps_max);
    kind = rp_sandbox_protect(vm->sandbox, run_test, run);
    vm->steps = rp_sandbox_steps(vm->sandbox);
    if (kind == RP_TRIP_MEMORY)
        return kind;
    memcpy(message, vm->sandbox->message, sizeof message);
    memcpy(file, vm->sandbox->file, sizeof file);
    line = vm->sandbox->line;
    last_nil = vm->sandbox->last_nil;
    rp_sandbox_begin(vm->sandbox, RP_PHASE_TEST, THAW_STEPS);
    thawed = rp_sandbox_protect(vm->sandbox, thaw, run);
    if (kind == RP_TRIP_NONE)
        return thawed;
    memcpy(vm->sandbox->message, message, sizeof message);
    memcpy(vm->sandbox->file, file, sizeof file);
    vm->sandbox->line = line;
    vm->sandbox->last_nil = last_nil;
    return kind;
}

int rp_vm_test(struct rp_arena *arena, struct rp_vm *vm, uint32_t test, uint32_t rule,
               const struct rp_event *event, const struct rp_vm_facts *facts,
               struct rp_test_result *ret_result, struct rp_err *err)
{
    struct run run = {.vm = vm, .arena = arena, .test = test};
    enum rp_trip kind = RP_TRIP_MEMORY;
    int status = 0;

    RP_CHECK_OBJ(vm, MAGIC);
    RP_ASSERT(test < vm->rules->test_count && rule < vm->rules->score_count);
    vm->call.rule = rule;
    vm->call.event = event;
    vm->call.facts = facts;
    for (int i = 0; i < 2 && kind == RP_TRIP_MEMORY; i++) {
        if (vm->sandbox == NULL && (status = build(vm, err)) < 0) {
            ret_result->fault = "memory";
            return status;
        }
        kind = run_once(vm, &run);
        if (kind == RP_TRIP_NONE) {
            *ret_result = run.result;
            return 0;
        }
        status = failed(vm, &run, kind, ret_result, err);
        if (kind == RP_TRIP_MEMORY) {
            rp_sandbox_free(vm->sandbox);
            vm->sandbox = NULL;
        }
    }
    return status;
}
