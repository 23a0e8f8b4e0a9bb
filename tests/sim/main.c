/* SPDX-License-Identifier: MIT */
/* sim: the library's core in a world made from a seed, with a virtual clock and a faulty disk,
 * against the three laws. Each seed is a process with a folder of its own; each life of its core is
 * a process below that.
 *
 *   sim [--seeds A-B | --seed N] [--steps M] [--jobs J] [--cuts] [--lying] [--verbose] [--keep]
 *
 * --cuts: every life ends by a power cut. --lying: syncs do nothing, and the run fails unless that
 * is noticed. A failure prints the command that shows it again, with as few steps as show it. */
#include "sim.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STEPS = 240, LIVES_MAX = 400, JOBS_MAX = 16 };

static struct {
    unsigned first, last;
    int steps, jobs;
    bool steps_given, cuts, lying, verbose, keep;
} options = {.first = 1, .last = 200, .steps = STEPS, .jobs = 2};

static struct totals {
    long long steps, lives, crashes, cuts, acknowledged, checks, timers, actions, merges, swaps,
        compacted, sequences, stuck, mails;
    int failures;
} * totals;

static void *shared(size_t size)
{
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (memory == MAP_FAILED) {
        perror("mmap");
        exit(2);
    }
    return memory;
}

static void clear_folder(void)
{
    (void)unlink("sim.db");
    (void)unlink("sim.db-wal");
    (void)unlink("sim.db-shm");
    (void)unlink("sim.db-lock");
}

/* One life; returns how it ended: 0 all is done, 1 go on, 2 a failure. */
static int one_life(void)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        live();
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        perror("fork");
        exit(2);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == DISK_CUT) {
        (void)unlink("sim.db-shm");
        sim->power_cuts++;
        return 1;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == DISK_CRASHED) {
        sim->crashes++;
        return 1;
    }
    if (WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == LIFE_AGAIN)) {
        return WEXITSTATUS(status) != 0;
    }
    if (sim->failure[0] == '\0') {
        snprintf(sim->failure, sizeof(sim->failure), "the process ended by %s %d",
                 WIFSIGNALED(status) ? "signal" : "code",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    }
    return 2;
}

/* The whole world of a seed; true when all held. */
static bool run_world(unsigned seed, int steps, bool verbose)
{
    int end = 1;

    clear_folder();
    memset(sim, 0, sizeof(*sim));
    *sim = (struct sim){.seed = seed,
                        .steps = steps,
                        .random = seed * UINT64_C(7919) + 1,
                        .disk_random = seed * UINT64_C(104729) + 5,
                        .verbose = verbose,
                        .cuts = options.cuts,
                        .lying = options.lying};
    for (int i = 0; end == 1; i++) {
        end = i < LIVES_MAX ? one_life() : 2;
    }
    return end == 0;
}

static void count(void)
{
    __atomic_fetch_add(&totals->steps, sim->steps, __ATOMIC_RELAXED);
    __atomic_fetch_add(&totals->lives, sim->lives, __ATOMIC_RELAXED);
    __atomic_fetch_add(&totals->crashes, sim->crashes, __ATOMIC_RELAXED);
    __atomic_fetch_add(&totals->cuts, sim->power_cuts, __ATOMIC_RELAXED);
    __atomic_fetch_add(&totals->acknowledged, sim->acknowledged, __ATOMIC_RELAXED);
    __atomic_fetch_add(&totals->checks, sim->checks, __ATOMIC_RELAXED);
    __atomic_fetch_add(&totals->timers, sim->timers, __ATOMIC_RELAXED);
    __atomic_fetch_add(&totals->actions, sim->actions, __ATOMIC_RELAXED);
    __atomic_fetch_add(&totals->merges, sim->merges, __ATOMIC_RELAXED);
    __atomic_fetch_add(&totals->compacted, sim->compacted, __ATOMIC_RELAXED);
    __atomic_fetch_add(&totals->sequences, sim->sequences, __ATOMIC_RELAXED);
    __atomic_fetch_add(&totals->stuck, sim->stuck, __ATOMIC_RELAXED);
    __atomic_fetch_add(&totals->mails, sim->mails, __ATOMIC_RELAXED);
    __atomic_fetch_add(&totals->swaps, sim->swaps_done, __ATOMIC_RELAXED);
}

/* As few steps as still fail, by halving; what fails at n mostly fails behind it too. */
static int shrink(unsigned seed, int failing)
{
    int good = 0;
    static char told[sizeof(sim->failure)];
    static char doing[sizeof(sim->doing)];

    memcpy(told, sim->failure, sizeof(told));
    memcpy(doing, sim->doing, sizeof(doing));
    while (failing - good > 1) {
        int middle = (good + failing) / 2;

        if (run_world(seed, middle, false)) {
            good = middle;
        } else {
            failing = middle;
            memcpy(told, sim->failure, sizeof(told));
            memcpy(doing, sim->doing, sizeof(doing));
        }
    }
    memcpy(sim->failure, told, sizeof(told));
    memcpy(sim->doing, doing, sizeof(doing));
    return failing;
}

static void run_seed(unsigned seed)
{
    char folder[64];
    bool good;

    snprintf(folder, sizeof(folder), "%s/ripen-sim-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(folder) || chdir(folder) != 0) {
        perror(folder);
        exit(2);
    }
    sim = shared(sizeof(*sim));
    good = run_world(seed, options.steps, options.verbose);
    count();
    if (!good && !options.lying) {
        int steps = sim->step < options.steps ? sim->step : options.steps;

        steps = options.steps_given ? options.steps : shrink(seed, steps);
        printf("seed %u failed in %s: %s\n  again: sim --seed %u --steps %d%s --verbose\n", seed,
               sim->doing, sim->failure, seed, steps, options.cuts ? " --cuts" : "");
        (void)fflush(stdout);
    }
    if (options.keep) {
        printf("the file is kept in %s\n", folder);
    } else {
        clear_folder();
        good = chdir("/") == 0 && rmdir(folder) == 0 && good;
    }
    exit(good ? 0 : 1);
}

static void wait_for_one(void)
{
    int status;

    if (wait(&status) > 0 && status != 0) {
        totals->failures++;
    }
}

static void parse(int argc, char **argv)
{
    const char *seeds = getenv("RIPEN_SIM_SEEDS");

    if (seeds) {
        options.last = (unsigned)strtoul(seeds, NULL, 10);
    }
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        char *end;

        if (strcmp(argv[i], "--cuts") == 0) {
            options.cuts = true;
        } else if (strcmp(argv[i], "--lying") == 0) {
            options.lying = true;
        } else if (strcmp(argv[i], "--verbose") == 0) {
            options.verbose = true;
        } else if (strcmp(argv[i], "--keep") == 0) {
            options.keep = true;
        } else if (strcmp(argv[i], "--seed") == 0) {
            options.first = options.last = (unsigned)strtoul(value, NULL, 10);
            i++;
        } else if (strcmp(argv[i], "--seeds") == 0) {
            options.first = (unsigned)strtoul(value, &end, 10);
            options.last = *end == '-' ? (unsigned)strtoul(end + 1, NULL, 10) : options.first;
            i++;
        } else if (strcmp(argv[i], "--steps") == 0) {
            options.steps = (int)strtol(value, NULL, 10);
            options.steps_given = true;
            i++;
        } else if (strcmp(argv[i], "--jobs") == 0) {
            options.jobs = (int)strtol(value, NULL, 10);
            i++;
        } else {
            fprintf(stderr, "usage: sim [--seeds A-B | --seed N] [--steps M] [--jobs J] [--cuts] "
                            "[--lying] [--verbose] [--keep]\n");
            exit(2);
        }
    }
}

int main(int argc, char **argv)
{
    time_t began = time(NULL);
    int running = 0;

    parse(argc, argv);
    totals = shared(sizeof(*totals));
    for (unsigned seed = options.first; seed <= options.last; seed++) {
        pid_t child;

        if (running >= options.jobs) {
            wait_for_one();
            running--;
        }
        child = fork();
        if (child == 0) {
            run_seed(seed);
        }
        running += child > 0;
    }
    while (running-- > 0) {
        wait_for_one();
    }
    printf("%u seeds, %lld steps, %lld lives (%lld crashes, %lld power cuts), %lld events "
           "acknowledged, %lld merges, %lld compacted, %lld changes of rules, %lld timers, %lld "
           "actions, %lld "
           "sequences (%lld stuck), %lld mails, %lld checks: %d failed, %lld s\n",
           options.last - options.first + 1, totals->steps, totals->lives, totals->crashes,
           totals->cuts, totals->acknowledged, totals->merges, totals->compacted, totals->swaps,
           totals->timers, totals->actions, totals->sequences, totals->stuck, totals->mails,
           totals->checks, totals->failures, (long long)(time(NULL) - began));
    if (options.lying) { /* most seeds lose something that was acknowledged */
        return totals->failures > (int)(options.last - options.first) / 2 ? 0 : 1;
    }
    /* A run that did nothing shows nothing. */
    return totals->failures == 0 && totals->acknowledged > 0 && totals->checks > 0 ? 0 : 1;
}
