/* SPDX-License-Identifier: MIT */
/* Runs all groups of tests of src/base/. */
#include "base/check.h"
#include "unit/base/groups.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int aborts(void (*fn)(void))
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL);
        close(STDERR_FILENO);
        fn();
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

int main(void)
{
    int (*const groups[])(void) = {
        test_memory,     test_hash,       test_num, test_when, test_text, test_json_read,
        test_json_suite, test_json_write, test_log, test_csv,  test_html, test_wrap,
    };
    int failed = 0;

    for (size_t i = 0; i < RP_COUNT(groups); i++)
        failed += groups[i]();
    return failed > 0;
}
