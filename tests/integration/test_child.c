/* SPDX-License-Identifier: MIT */
/* Work in a limited child process: what it prints arrives whole, and one that hangs, eats memory,
 * writes files or crashes ends as a finding. */
#include "base/mem.h"
#include "cli/child.h"
#include "cli/options.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static const struct rp_child_limits small = {
    .memory_bytes = 256ULL << 20, .cpu_s = 10, .wall_ms = 10000, .files = 32};
/* The wide limits of slow runs are 20 times these. */
static const struct rp_child_limits brief = {
    .memory_bytes = 256ULL << 20, .cpu_s = 10, .wall_ms = 100, .files = 32};

static int prints(void *context)
{
    for (int i = 0; i < 40000; i++)
        printf("line %d of %s\n", i, (const char *)context);
    fprintf(stderr, "talk");
    return RP_EXIT_PROBLEMS;
}

static int sleeps(void *context)
{
    (void)context;
    printf("half");
    fflush(stdout);
    while (pause() < 0)
        continue;
    return 0;
}

static int spins(void *context)
{
    volatile uint64_t *count = context;

    while (*count < UINT64_MAX)
        (*count)++;
    return 0;
}

static int eats(void *context)
{
    size_t *total = context;

    while (*total < SIZE_MAX)
        *total += (size_t)memset(rp_malloc(16U << 20), 1, 16U << 20) & 1U;
    return 0;
}

static int crashes(void *context)
{
    (void)context;
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
    return 0;
}

static int writes(void *context)
{
    FILE *file = fopen(context, "w");
    int status = RP_EXIT_DONE;

    signal(SIGXFSZ, SIG_IGN);
    if (file && (fputs("x", file) < 0 || fflush(file) != 0))
        status = RP_EXIT_FAILED;
    return status;
}

static struct rp_child_result run(rp_child_work *work, void *context,
                                  const struct rp_child_limits *limits)
{
    struct rp_child_result result;
    struct rp_err err;

    assert_int_equal(rp_child_run(work, context, limits, &result, &err), 0);
    return result;
}

static void output_arrives_whole(void **state)
{
    char name[] = "this";
    struct rp_child_result result = run(prints, name, &small);
    const char last[] = "line 39999 of this\n";

    (void)state;
    assert_int_equal(result.end, RP_CHILD_DONE);
    assert_int_equal(result.status, RP_EXIT_PROBLEMS);
    assert_memory_equal(result.out.ptr, "line 0 of this\n", 15);
    assert_memory_equal(result.out.ptr + result.out.len - strlen(last), last, strlen(last));
    assert_int_equal(result.talk.len, 4);
    rp_child_fini(&result);
}

static void one_that_hangs_is_ended(void **state)
{
    static const struct rp_child_limits cpu = {
        .memory_bytes = 256ULL << 20, .cpu_s = 1, .wall_ms = 60000, .files = 32};
    struct rp_child_result result = run(sleeps, NULL, &brief);
    uint64_t count = 0;

    (void)state;
    assert_int_equal(result.end, RP_CHILD_TIME);
    rp_child_fini(&result);
    result = run(spins, &count, &brief);
    assert_int_equal(result.end, RP_CHILD_TIME);
    rp_child_fini(&result);
    if (getenv("RIPEN_SLOW") == NULL)
        return;
    result = run(spins, &count, &cpu);
    assert_int_equal(result.end, RP_CHILD_TIME);
    rp_child_fini(&result);
}

static bool is_limited(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return false;
#endif
#endif
    return getenv("LD_PRELOAD") == NULL;
}

static void one_that_eats_memory_is_ended(void **state)
{
    struct rp_child_result result;
    size_t total = 0;

    (void)state;
    if (!is_limited())
        skip(); /* its address space cannot be limited there */
    result = run(eats, &total, &small);
    assert_int_equal(result.end, RP_CHILD_MEMORY);
    rp_child_fini(&result);
}

static void a_crash_is_told(void **state)
{
    struct rp_child_result result = run(crashes, NULL, &small);

    (void)state;
    assert_int_equal(result.end, RP_CHILD_DIED);
    assert_int_equal(result.signal, SIGSEGV);
    rp_child_fini(&result);
}

static void files_are_bounded(void **state)
{
    char path[] = "/tmp/ripen_child_XXXXXX";
    int descriptor = mkstemp(path);
    struct rp_child_limits wider = small;
    struct rp_child_result result = run(writes, path, &small);

    (void)state;
    assert_true(descriptor >= 0);
    assert_int_equal(result.status, RP_EXIT_FAILED);
    rp_child_fini(&result);
    wider.file_bytes = 1;
    result = run(writes, path, &wider);
    assert_int_equal(result.status, RP_EXIT_DONE);
    rp_child_fini(&result);
    close(descriptor);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_arrives_whole),
        cmocka_unit_test(one_that_hangs_is_ended),
        cmocka_unit_test(one_that_eats_memory_is_ended),
        cmocka_unit_test(a_crash_is_told),
        cmocka_unit_test(files_are_bounded),
    };

    return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
