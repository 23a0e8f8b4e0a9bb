/* SPDX-License-Identifier: MIT */
/* A client that sends exactly the bytes it is told and reads answers: for tests of an HTTP server.
 */
#ifndef TESTS_RAW_HTTP_H
#define TESTS_RAW_HTTP_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define RAW_WAIT_MS 5000

struct raw_http {
    int fd;
    char *bytes; /* received and not consumed */
    size_t len, cap;
    bool closed;
};

struct raw_answer {
    int status; /* 0: the connection ended, or nothing came in time */
    char head[4096];
    char *body; /* NUL-terminated; raw_answer_free */
    size_t body_len;
};

static inline int64_t raw_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline bool raw_open(struct raw_http *raw, const char *host, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};

    memset(raw, 0, sizeof(*raw));
    raw->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, host, &address.sin_addr);
    return raw->fd >= 0 && connect(raw->fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

static inline void raw_close(struct raw_http *raw)
{
    if (raw->fd >= 0)
        close(raw->fd);
    free(raw->bytes);
    raw->bytes = NULL;
    raw->fd = -1;
}

/* False: the server has closed. */
static inline bool raw_send(struct raw_http *raw, const void *bytes, size_t len)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t sent = send(raw->fd, at, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        at += sent;
        len -= (size_t)sent;
    }
    return true;
}

static inline bool raw_text(struct raw_http *raw, const char *text)
{
    return raw_send(raw, text, strlen(text));
}

/* More bytes; false: end of stream, or nothing within wait_ms. */
static inline bool raw_more(struct raw_http *raw, int64_t wait_ms)
{
    struct pollfd ready = {.fd = raw->fd, .events = POLLIN};

    if (raw->closed || poll(&ready, 1, (int)wait_ms) <= 0)
        return false;
    if (raw->cap - raw->len < 4096) {
        raw->cap = raw->cap ? raw->cap * 2 : 16384;
        raw->bytes = realloc(raw->bytes, raw->cap);
        if (!raw->bytes)
            abort();
    }
    ssize_t got = recv(raw->fd, raw->bytes + raw->len, raw->cap - raw->len - 1, 0);
    if (got <= 0) {
        raw->closed = true;
        return false;
    }
    raw->len += (size_t)got;
    return true;
}

/* The value of a header in the head; "" when absent. */
static inline const char *raw_header(const struct raw_answer *answer, const char *name)
{
    static _Thread_local char value[1024];
    size_t name_len = strlen(name);

    for (const char *line = strstr(answer->head, "\r\n"); line; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, name_len) == 0 && line[name_len] == ':') {
            line += name_len + 1;
            line += strspn(line, " ");
            size_t len = strcspn(line, "\r\n");
            if (len >= sizeof(value))
                len = sizeof(value) - 1;
            memcpy(value, line, len);
            value[len] = 0;
            return value;
        }
    }
    return "";
}

/* Reads one answer with Content-Length (or none, up to the end). `no_body`: of HEAD. */
static inline struct raw_answer raw_answer_of(struct raw_http *raw, bool no_body, int64_t wait_ms)
{
    struct raw_answer answer = {0};
    int64_t until = raw_now_ms() + wait_ms;
    char *end = NULL;

    while (!(raw->len && (end = memmem(raw->bytes, raw->len, "\r\n\r\n", 4)))) {
        if (raw_now_ms() >= until || !raw_more(raw, until - raw_now_ms()))
            return answer;
    }
    size_t head_len = (size_t)(end - raw->bytes) + 4;
    snprintf(answer.head, sizeof(answer.head), "%.*s", (int)head_len, raw->bytes);
    answer.status = (int)strtol(answer.head + strlen("HTTP/1.1 "), NULL, 10);
    const char *length = raw_header(&answer, "Content-Length");
    if (answer.status != 204 && answer.status != 100 && !no_body)
        answer.body_len = (size_t)strtoul(length, NULL, 10);
    while (raw->len < head_len + answer.body_len) {
        if (!raw_more(raw, until - raw_now_ms())) {
            answer.status = 0;
            return answer;
        }
    }

    char *copy = malloc(answer.body_len + 1);
    if (!copy)
        abort();
    memcpy(copy, raw->bytes + head_len, answer.body_len);
    copy[answer.body_len] = 0;
    raw->len -= head_len + answer.body_len;
    memmove(raw->bytes, raw->bytes + head_len + answer.body_len, raw->len);
    answer.body = copy;
    return answer;
}

static inline void raw_answer_free(struct raw_answer *answer)
{
    free(answer->body);
    answer->body = NULL;
}

/* True when the server closes within wait_ms and sends nothing more. */
static inline bool raw_is_closed(struct raw_http *raw, int64_t wait_ms)
{
    int64_t until = raw_now_ms() + wait_ms;

    while (!raw->closed && raw_now_ms() < until && raw_more(raw, until - raw_now_ms()))
        ;
    return raw->closed && raw->len == 0;
}

#endif
