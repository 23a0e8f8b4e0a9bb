/* SPDX-License-Identifier: MIT */
/* A child process with limits; see child.h. Knows processes and nothing of what runs in them.
 * Invariants: the child never returns from rp_child_run, and holds no descriptor but the three
 * standard ones; the parent never waits longer than the wall-clock limit, and leaves no child
 * behind. */
#include "cli/child.h"

#include "base/limits.h"
#include "cli/options.h"
#include "engine/diagnose.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define INSTRUMENTED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define INSTRUMENTED 1
#endif
#endif
#ifndef INSTRUMENTED
#define INSTRUMENTED 0
#endif

enum {
    SLOWER = 20, /* how much, under a sanitizer or valgrind */
    DESCRIPTORS_MAX = 4096,
};

const struct rp_child_limits rp_child_limits_check = {
    .memory_bytes = RP_CHILD_MEMORY_MAX,
    .cpu_s = RP_CHECK_CPU_S,
    .wall_ms = RP_CHECK_WALL_MS,
    .files = 64,
};
const struct rp_child_limits rp_child_limits_test = {
    .memory_bytes = RP_CHILD_MEMORY_MAX,
    .cpu_s = RP_TEST_CPU_S,
    .wall_ms = RP_TEST_WALL_MS,
    .files = 64,
};

static bool is_slowed_down(void)
{
    const char *preload = getenv("LD_PRELOAD");

    return INSTRUMENTED || (preload && strstr(preload, "vgpreload"));
}

/* ---- The child ------------------------------------------------------------------------------- */

static void narrow(struct rlimit *now, uint64_t most)
{
    if (now->rlim_max == RLIM_INFINITY || most < now->rlim_max) {
        now->rlim_max = most;
    }
    now->rlim_cur = now->rlim_max;
}

/* The resource has one type with one C library and another with the next. */
#define LIMIT(resource, most)                                                                      \
    do {                                                                                           \
        struct rlimit now_;                                                                        \
        if (getrlimit(resource, &now_) == 0) {                                                     \
            narrow(&now_, most);                                                                   \
            (void)setrlimit(resource, &now_);                                                      \
        }                                                                                          \
    } while (0)

static void set_limits(const struct rp_child_limits *limits)
{
    if (is_slowed_down()) { /* shadow memory and valgrind's own are address space too */
        LIMIT(RLIMIT_CPU, limits->cpu_s * SLOWER);
    } else {
        LIMIT(RLIMIT_AS, limits->memory_bytes);
        LIMIT(RLIMIT_CPU, limits->cpu_s);
        LIMIT(RLIMIT_NOFILE, limits->files);
    }
    LIMIT(RLIMIT_FSIZE, limits->file_bytes);
    LIMIT(RLIMIT_CORE, 0);
}

static _Noreturn void live(rp_child_work *work, void *context, const struct rp_child_limits *limits,
                           int out, int talk)
{
    int status;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)signal(SIGPIPE, SIG_DFL);
    if (dup2(out, STDOUT_FILENO) < 0 || dup2(talk, STDERR_FILENO) < 0) {
        _exit(RP_EXIT_FAILED);
    }
    for (int descriptor = STDERR_FILENO + 1; descriptor < DESCRIPTORS_MAX; descriptor++) {
        (void)close(descriptor);
    }
    set_limits(limits);
    status = work(context);
    (void)fflush(NULL);
    _exit(status);
}

/* ---- The parent ------------------------------------------------------------------------------ */

static int64_t monotonic_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* False at the end of the pipe. */
static bool take(int descriptor, struct rp_buf *buf)
{
    ssize_t got;

    rp_buf_reserve(buf, 64 * 1024);
    got = read(descriptor, buf->ptr + buf->len, 64 * 1024);
    if (got > 0) {
        buf->len += (size_t)got;
    }
    return got > 0 || (got < 0 && errno == EINTR);
}

/* True when both pipes were closed in time; false when the child is to be ended. */
static bool listen_to(int out, int talk, int64_t wall_ms, struct rp_child_result *result)
{
    struct pollfd pipes[2] = {{.fd = out, .events = POLLIN}, {.fd = talk, .events = POLLIN}};
    int64_t end_ms = monotonic_ms() + wall_ms;

    while (pipes[0].fd >= 0 || pipes[1].fd >= 0) {
        int64_t left = end_ms - monotonic_ms();

        if (left <= 0) {
            result->end = RP_CHILD_TIME;
            return false;
        }
        if (result->out.len + result->talk.len > RP_CHILD_OUTPUT_MAX) {
            result->end = RP_CHILD_MEMORY;
            return false;
        }
        if (poll(pipes, 2, (int)(left < 60000 ? left : 60000)) < 0 && errno != EINTR) {
            result->end = RP_CHILD_DIED;
            return false;
        }
        for (int i = 0; i < 2; i++) {
            if (pipes[i].fd >= 0 && pipes[i].revents != 0 &&
                !take(pipes[i].fd, i == 0 ? &result->out : &result->talk)) {
                pipes[i].fd = -1;
            }
        }
    }
    return true;
}

static bool says(const struct rp_buf *buf, const char *text)
{
    return buf->len > 0 && memmem(buf->ptr, buf->len, text, strlen(text)) != NULL;
}

static void reap(pid_t pid, bool ended, struct rp_child_result *result)
{
    int state = 0;

    if (!ended) {
        (void)kill(pid, SIGKILL);
    }
    while (waitpid(pid, &state, 0) < 0 && errno == EINTR) {
    }
    if (!ended) {
        return;
    }
    if (WIFEXITED(state)) {
        result->status = WEXITSTATUS(state);
        return;
    }
    result->signal = WIFSIGNALED(state) ? WTERMSIG(state) : 0;
    result->end = result->signal == SIGXCPU || result->signal == SIGKILL ? RP_CHILD_TIME
                  : says(&result->talk, "out of memory")                 ? RP_CHILD_MEMORY
                                                                         : RP_CHILD_DIED;
}

int rp_child_run(rp_child_work *work, void *context, const struct rp_child_limits *limits,
                 struct rp_child_result *ret_result, struct rp_err *err)
{
    int64_t wall_ms = limits->wall_ms * (is_slowed_down() ? SLOWER : 1);
    int out[2] = {-1, -1}, talk[2] = {-1, -1};
    pid_t pid = -1;

    *ret_result = (struct rp_child_result){.end = RP_CHILD_DONE};
    (void)fflush(NULL);
    if (pipe2(out, O_CLOEXEC) == 0 && pipe2(talk, O_CLOEXEC) == 0) {
        pid = fork();
    }
    if (pid == 0) {
        live(work, context, limits, out[1], talk[1]);
    }
    if (pid < 0) {
        int status = rp_err_set(err, RIPEN_EIO, "no process for the rules could be started: %s",
                                strerror(errno));

        for (int i = 0; i < 2; i++) {
            (void)close(out[i]);
            (void)close(talk[i]);
        }
        return status;
    }
    (void)close(out[1]);
    (void)close(talk[1]);
    reap(pid, listen_to(out[0], talk[0], wall_ms, ret_result), ret_result);
    (void)close(out[0]);
    (void)close(talk[0]);
    return 0;
}

void rp_child_fini(struct rp_child_result *result)
{
    rp_buf_fini(&result->out);
    rp_buf_fini(&result->talk);
}

/* ---- The usual end --------------------------------------------------------------------------- */

static void print_limit(const struct rp_child_result *result, const char *what,
                        enum rp_child_shape shape)
{
    enum rp_code code = result->end == RP_CHILD_TIME ? RP_CODE_STEPS : RP_CODE_MEMORY;
    struct rp_finding finding = {.code = rp_str_from(rp_code_info(code)->code),
                                 .severity = RP_SEVERITY_ERROR,
                                 .file = rp_str_from(what),
                                 .message = rp_str_from(result->end == RP_CHILD_TIME
                                                            ? "reading the rules takes too long"
                                                            : "the rules take too much memory"),
                                 .hint = rp_str_from(rp_code_info(code)->remedy),
                                 .width = 1};
    struct rp_findings findings = {.items = &finding, .count = 1, .errors = 1};
    struct rp_buf text = {0};

    if (shape == RP_CHILD_JSON) {
        rp_findings_json(&text, &findings);
    } else {
        rp_findings_print(&text, &findings, false);
    }
    (void)fwrite(text.ptr, 1, text.len, stdout);
    rp_buf_fini(&text);
}

int rp_child_finish(struct rp_child_result *result, const char *what, enum rp_child_shape shape)
{
    int status = RP_EXIT_PROBLEMS;

    if (result->talk.len > 0 && (result->end == RP_CHILD_DONE || result->end == RP_CHILD_DIED)) {
        (void)fwrite(result->talk.ptr, 1, result->talk.len, stderr);
    }
    if (result->end == RP_CHILD_DONE) {
        status = result->status;
        if (result->out.len > 0 &&
            fwrite(result->out.ptr, 1, result->out.len, stdout) != result->out.len) {
            status = RP_EXIT_FAILED;
        }
    } else if (result->end == RP_CHILD_DIED) {
        status = rp_complain("reading %s ended with signal %d; this is a mistake in ripen, please "
                             "report it with these rules",
                             what, result->signal);
    } else {
        print_limit(result, what, shape);
    }
    rp_child_fini(result);
    return status;
}
