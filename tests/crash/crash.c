/* SPDX-License-Identifier: MIT */
/* crash RIPEN RULES CYCLES [SEED]: starts the server, sends from several clients, kills it at a
 * random moment, checks the file, starts it again on the same file, CYCLES times; then stops it in
 * order and checks everything. Self-check: it fails when no event was acknowledged. */
#include "crash.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LAST_BATCHES = 300 };

static uint64_t seed;

static uint64_t draw(uint64_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (seed >> 33) % below;
}

static void sleep_us(uint64_t us)
{
    nanosleep(&(struct timespec){(time_t)(us / 1000000), (long)(us % 1000000) * 1000}, NULL);
}

/* The child's pid; *ret_port is read from its first line. */
static pid_t start_server(const char *ripen, const char *rules, int *ret_port)
{
    int tube[2];
    char line[256] = "";
    size_t len = 0;
    pid_t pid;

    if (pipe(tube) != 0) {
        exit(2);
    }
    pid = fork();
    if (pid == 0) {
        dup2(tube[1], 1);
        close(tube[0]);
        close(tube[1]);
        execl(ripen, ripen, "serve", rules, "--db", "crash.db", "--listen", "127.0.0.1:0",
              "--no-deliver", (char *)NULL);
        _exit(127);
    }
    close(tube[1]);
    while (len + 1 < sizeof(line) && !strchr(line, '\n')) {
        ssize_t got = read(tube[0], line + len, sizeof(line) - 1 - len);

        if (got <= 0) {
            printf("the server did not start: %s\n", line);
            exit(1);
        }
        len += (size_t)got;
        line[len] = '\0';
    }
    close(tube[0]);
    *ret_port = atoi(strrchr(line, ':') + 1);
    return pid;
}

static void *client_thread(void *arg)
{
    client_run(arg);
    return NULL;
}

/* True when each client has got that many answers since `before`. */
static bool have_answers(const struct client *clients, const uint32_t *before, uint32_t batches)
{
    for (int i = 0; i < CLIENTS; i++) {
        if (__atomic_load_n(&clients[i].acknowledged, __ATOMIC_RELAXED) - before[i] < batches) {
            return false;
        }
    }
    return true;
}

/* One life of the server: `us` long, and longer until each client had `batches` answered (within a
 * minute); how it ends is the caller's wish. */
static void live(const char *ripen, const char *rules, struct client *clients, uint64_t us,
                 uint32_t batches, int signal_number)
{
    pthread_t threads[CLIENTS];
    uint32_t before[CLIENTS];
    int port;
    pid_t pid = start_server(ripen, rules, &port);

    for (int i = 0; i < CLIENTS; i++) {
        clients[i].port = port;
        clients[i].stop = false;
        before[i] = clients[i].acknowledged;
        pthread_create(&threads[i], NULL, client_thread, &clients[i]);
    }
    sleep_us(us);
    for (int i = 0; i < 6000 && !have_answers(clients, before, batches); i++) {
        sleep_us(10000);
    }
    for (int i = 0; i < CLIENTS && signal_number != SIGKILL; i++) {
        __atomic_store_n(&clients[i].stop, true, __ATOMIC_RELAXED);
    }
    kill(pid, signal_number);
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(threads[i], NULL);
    }
    waitpid(pid, &(int){0}, 0);
}

int main(int argc, char **argv)
{
    struct client clients[CLIENTS] = {{0}};
    char ripen[4096];
    char rules[4096];
    char place[] = "/tmp/ripen-crash-XXXXXX";
    int cycles = argc > 3 ? atoi(argv[3]) : 20;
    uint32_t total = 0;
    int bad = 0;

    if (argc < 3 || !realpath(argv[1], ripen) || !realpath(argv[2], rules) || !mkdtemp(place) ||
        chdir(place) != 0) {
        fprintf(stderr, "usage: crash RIPEN RULES [CYCLES [SEED]]\n");
        return 2;
    }
    seed = argc > 4 ? strtoull(argv[4], NULL, 10) : (uint64_t)time(NULL);
    printf("seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i].number = i;
    }
    for (int cycle = 0; cycle < cycles && bad == 0; cycle++) {
        live(ripen, rules, clients, 2000 + draw(draw(4) == 0 ? 1500000 : 120000), 0, SIGKILL);
        bad = cycle % 10 == 9 ? check_file("crash.db", clients, false) : 0;
    }
    /* Long enough that every lead is touched: one that recovery could not take in order waits for
     * its next event to be folded whole, and until then its state has nothing to be compared with.
     */
    live(ripen, rules, clients, 200000, LAST_BATCHES, SIGTERM);
    bad += check_file("crash.db", clients, true);
    for (int i = 0; i < CLIENTS; i++) {
        total += clients[i].acknowledged;
        bad += clients[i].wrong;
    }
    printf("%d kills, %u batches acknowledged, %d violations\n", cycles, total, bad);
    if (bad > 0 || total == 0) {
        printf("the file is kept in %s\n", place);
        return 1;
    }
    (void)unlink("crash.db");
    (void)unlink("crash.db-wal");
    (void)unlink("crash.db-shm");
    (void)unlink("crash.db-lock");
    return chdir("/") == 0 && rmdir(place) == 0 ? 0 : 1;
}
