/* SPDX-License-Identifier: MIT */
/* A load client that takes little of the machine that it measures: wrk with http/events.lua makes
 * each request from strings in Lua, which costs more than the server's whole work on a single
 * event. Takes wrk's arguments and the environment of events.lua, sends the same requests, prints
 * the same line.
 *
 *   load -cCONNECTIONS -dSECONDSs [-t1] [-s script] [--timeout 60s] http://127.0.0.1:PORT
 *   BATCH=n  SINGLE_PATH  BATCH_PATH  AUTHORIZATION  BENCH_EVENTS  LIVE=1 (no timestamps)
 *
 * Requests stand whole in memory; each messageId is patched where it stands before it goes out. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { ID_LEN = 36, ID_HALF = 18, CONNECTIONS_MAX = 4096, ANSWER_MAX = 64 * 1024 };

struct request {
    char *bytes;
    size_t len;
    size_t *ids; /* where the messageIds of its events begin */
};

struct connection {
    int fd;
    const struct request *request;
    size_t sent, got;
    int64_t began_us;
    char answer[ANSWER_MAX];
};

static struct {
    size_t batch, connections;
    int seconds, port;
    const char *single, *batched, *authorization, *events;
    bool live;
} options = {1, 64, 4, 0, "/v1/track", "/v1/batch", NULL, "events.ndjson", false};

static struct request *requests;
static size_t request_count, next_request;
static uint64_t request_number;
static char seed[9];
static uint32_t *took_us;
static size_t answered, took_room, failed, refused;

_Noreturn static void die(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, errno ? strerror(errno) : "not as expected");
    exit(1);
}

static void *need(void *memory)
{
    if (!memory)
        die("memory");
    return memory;
}

static int64_t now_us(void)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    return (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

/* --- the requests --- */

/* Takes out `"name":value,`. */
static void drop(char *line, const char *name)
{
    char *from = strstr(line, name), *to = from ? strchr(from + strlen(name), ',') : NULL;

    if (to)
        memmove(from, to + 1, strlen(to + 1) + 1);
}

/* SINGLE_PATH for a line: beside /track there are /page and /identify. */
static void path_of(const char *line, char *path, size_t size)
{
    const char *type = strstr(line, "\"type\":\""), *slash = strrchr(options.single, '/');

    if (options.batch > 1)
        snprintf(path, size, "%s", options.batched);
    else if (slash && strcmp(slash, "/track") == 0 && type)
        snprintf(path, size, "%.*s/%.*s", (int)(slash - options.single), options.single,
                 (int)strcspn(type + 8, "\""), type + 8);
    else
        snprintf(path, size, "%s", options.single);
}

static void build(const char *path, const char *body, size_t body_len)
{
    struct request request = {.ids = need(calloc(options.batch, sizeof(size_t)))};
    size_t at = 0, room = body_len + 1024;

    request.bytes = need(malloc(room));
    request.len = (size_t)snprintf(
        request.bytes, room,
        "POST %s HTTP/1.1\r\nContent-Length: %zu\r\nHost: 127.0.0.1:%d\r\n"
        "%s%s%sContent-Type: application/json\r\n\r\n",
        path, body_len, options.port, options.authorization ? "Authorization: " : "",
        options.authorization ? options.authorization : "", options.authorization ? "\r\n" : "");
    memcpy(request.bytes + request.len, body, body_len + 1);
    for (const char *id = request.bytes;
         at < options.batch && (id = strstr(id, "{\"messageId\":\"")); at++) {
        id += strlen("{\"messageId\":\"");
        request.ids[at] = (size_t)(id - request.bytes);
    }
    if (at != options.batch)
        die("an event of the file has no messageId in front");
    request.len += body_len;
    requests = need(realloc(requests, (request_count + 1) * sizeof(*requests)));
    requests[request_count++] = request;
}

static void read_events(void)
{
    FILE *file = fopen(options.events, "r");
    size_t room = 0, body_room = options.batch * 4096 + 64, len = 0, inside = 0, number = 0;
    char *line = NULL, *body = need(malloc(body_room)), path[256], id[ID_LEN + 1];

    if (!file)
        die(options.events);
    while (getline(&line, &room, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        drop(line, "\"ts\":");
        if (options.live)
            drop(line, "\"timestamp\":");
        snprintf(id, sizeof(id), "00000000-0000-4000-9%03x-%012x", (unsigned)inside & 0xfff,
                 (unsigned)++number);
        memcpy(line + strlen("{\"messageId\":\""), id, ID_LEN);
        if (inside == 0)
            path_of(line, path, sizeof(path));
        if (strlen(line) > 4000)
            die("a line is too long");
        len += (size_t)snprintf(body + len, body_room - len, "%s%s",
                                inside              ? ","
                                : options.batch > 1 ? "{\"batch\":["
                                                    : "",
                                line);
        if (++inside < options.batch)
            continue;
        len += (size_t)snprintf(body + len, body_room - len, "%s", options.batch > 1 ? "]}" : "");
        build(path, body, len);
        inside = len = 0;
    }
    fclose(file);
    free(line);
    free(body);
    if (request_count == 0)
        die("too few events");
}

/* --- a connection --- */

static void send_rest(struct connection *to)
{
    ssize_t len =
        send(to->fd, to->request->bytes + to->sent, to->request->len - to->sent, MSG_NOSIGNAL);

    if (len < 0 && errno != EAGAIN)
        die("send");
    to->sent += len > 0 ? (size_t)len : 0;
}

static void send_next(struct connection *to)
{
    struct request *request = &requests[next_request++ % request_count];
    unsigned number = (unsigned)request_number++;
    char half[ID_HALF + 1] = "SSSSSSSS-CCCC-4CCC";

    memcpy(half, seed, 8);
    for (int at = ID_HALF - 1; at > 8; at--) {
        if (half[at] == 'C') {
            half[at] = "0123456789abcdef"[number & 15];
            number >>= 4;
        }
    }
    for (size_t i = 0; i < options.batch; i++)
        memcpy(request->bytes + request->ids[i], half, ID_HALF);
    to->request = request;
    to->sent = to->got = 0;
    to->began_us = now_us();
    send_rest(to);
}

/* Whether the answer is whole. Line by line: to search all of it for a name without regard to case
 * costs more than all the rest here. */
static bool is_whole(const struct connection *of)
{
    const char *line = of->answer, *end = of->answer + of->got, *stop;
    size_t body_len = SIZE_MAX;

    while ((stop = memchr(line, '\n', (size_t)(end - line))) != NULL) {
        if (stop - line <= 1 && stop > of->answer)
            return body_len != SIZE_MAX && (size_t)(end - stop - 1) >= body_len;
        if ((*line == 'C' || *line == 'c') && strncasecmp(line, "Content-Length:", 15) == 0)
            body_len = strtoul(line + 15, NULL, 10);
        line = stop + 1;
    }
    return false;
}

static void note_answer(struct connection *of)
{
    if (answered == took_room) {
        took_room = took_room ? took_room * 2 : 1024 * 1024;
        took_us = need(realloc(took_us, took_room * sizeof(*took_us)));
    }
    took_us[answered++] = (uint32_t)(now_us() - of->began_us);
    if (strncmp(of->answer, "HTTP/1.1 2", 10) != 0)
        refused++;
}

static void take(struct connection *from)
{
    ssize_t len = recv(from->fd, from->answer + from->got, ANSWER_MAX - 1 - from->got, 0);

    if (len < 0 && errno == EAGAIN)
        return;
    if (len <= 0) {
        failed++;
        close(from->fd);
        return;
    }
    from->got += (size_t)len;
    if (from->sent == from->request->len && is_whole(from)) {
        note_answer(from);
        send_next(from);
    }
}

static void open_connection(struct connection *connection, int epoll)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    int one = 1;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0 || connect(connection->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
        die("connect");
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (options.batch > 1) /* a batch may not fit the socket: written when there is room */
        event.events |= EPOLLOUT | EPOLLET;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd, &event) != 0)
        die("epoll");
}

/* --- the run --- */

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static void print(double seconds)
{
    size_t n = answered;

    qsort(took_us, n, sizeof(*took_us), by_size);
    printf("RESULT ev/s=%.0f rps=%.0f p50=%uus p99=%uus max=%uus n=%zu errors=%zu non2xx=%zu\n",
           (double)(n * options.batch) / seconds, (double)n / seconds, n ? took_us[n / 2] : 0,
           n ? took_us[n * 99 / 100] : 0, n ? took_us[n - 1] : 0, n * options.batch, failed,
           refused);
}

static const char *setting(const char *name, const char *fallback)
{
    const char *value = getenv(name);

    return value && *value ? value : fallback;
}

static void read_options(int argc, char **argv)
{
    static const struct option longer[] = {{"timeout", required_argument, NULL, 'T'},
                                           {NULL, 0, NULL, 0}};
    const char *port;
    int c;

    while ((c = getopt_long(argc, argv, "t:c:d:s:", longer, NULL)) != -1) {
        if (c == 'c')
            options.connections = strtoul(optarg, NULL, 10);
        else if (c == 'd')
            options.seconds = (int)strtol(optarg, NULL, 10);
    }
    port = optind < argc ? strrchr(argv[optind], ':') : NULL;
    options.port = port ? (int)strtol(port + 1, NULL, 10) : 0;
    options.batch = strtoul(setting("BATCH", "1"), NULL, 10);
    options.single = setting("SINGLE_PATH", options.single);
    options.batched = setting("BATCH_PATH", options.batched);
    options.authorization = setting("AUTHORIZATION", NULL);
    options.events = setting("BENCH_EVENTS", options.events);
    options.live = getenv("LIVE") && strcmp(options.single, "/v1/track") == 0;
    if (options.port == 0 || options.batch == 0 || options.connections == 0 ||
        options.connections > CONNECTIONS_MAX || options.seconds < 1)
        die("arguments");
}

int main(int argc, char **argv)
{
    struct epoll_event events[64];
    uint32_t random;
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    read_options(argc, argv);
    if (epoll < 0 || getrandom(&random, sizeof(random), 0) != sizeof(random))
        die("start");
    snprintf(seed, sizeof(seed), "%08x", random);
    read_events();
    struct connection *connections = need(calloc(options.connections, sizeof(*connections)));
    int64_t began_us = now_us(), ends_us = began_us + (int64_t)options.seconds * 1000000;
    for (size_t i = 0; i < options.connections; i++) {
        open_connection(&connections[i], epoll);
        send_next(&connections[i]);
    }
    while (now_us() < ends_us && failed < options.connections) {
        int count = epoll_wait(epoll, events, 64, 100);
        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;
            if (connection->sent < connection->request->len)
                send_rest(connection);
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
                take(connection);
        }
    }
    print((double)(now_us() - began_us) / 1e6);
    return 0;
}
