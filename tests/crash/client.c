/* SPDX-License-Identifier: MIT */
/* A blocking HTTP client for one purpose. */
#include "crash.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void client_message_id(int client, uint32_t batch, int at, char text[64])
{
    snprintf(text, 64, "c%d-%06u-%02d", client, batch, at);
}

/* The same bytes each time: what is in a batch depends on its number alone. */
static size_t make_body(int client, uint32_t batch, char *out, size_t size)
{
    size_t len = (size_t)snprintf(out, size, "{\"batch\":[");

    for (int i = 0; i < BATCH_EVENTS; i++) {
        uint32_t mix = (batch * 2654435761U) ^ ((uint32_t)i * 40503U) ^ (uint32_t)client * 97U;
        char id[64];
        const char *kind = mix % 31 == 0   ? "\"type\":\"track\",\"event\":\"Demo Requested\""
                           : mix % 7 == 0  ? "\"type\":\"track\",\"event\":\"Form Submitted\""
                           : mix % 11 == 0 ? "\"type\":\"identify\",\"traits\":{\"plan\":\"pro\"}"
                                           : "\"type\":\"page\",\"properties\":{\"path\":\"/p\"}";

        client_message_id(client, batch, i, id);
        len += (size_t)snprintf(
            out + len, size - len, "%s{\"messageId\":\"%s\",\"anonymousId\":\"a%d-%u\"%s%s%s,%s}",
            i ? "," : "", id, client, mix % LEADS, mix % 11 == 0 ? ",\"userId\":\"u" : "",
            mix % 11 == 0 ? (char[]){(char)('0' + client), (char)('a' + mix % 20), 0} : "",
            mix % 11 == 0 ? "\"" : "", kind);
    }
    return len + (size_t)snprintf(out + len, size - len, "]}");
}

static bool send_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);

        if (sent <= 0) {
            return false;
        }
        bytes += sent;
        len -= (size_t)sent;
    }
    return true;
}

/* The whole answer, body included; false when the connection broke first. */
static bool read_answer(int fd, char *answer, size_t size)
{
    size_t len = 0;

    while (len + 1 < size) {
        ssize_t got = recv(fd, answer + len, size - 1 - len, 0);
        const char *head;
        const char *length;

        if (got <= 0) {
            return false;
        }
        len += (size_t)got;
        answer[len] = '\0';
        head = strstr(answer, "\r\n\r\n");
        length = strcasestr(answer, "Content-Length:");
        if (head && length && len >= (size_t)(head + 4 - answer) + strtoul(length + 15, NULL, 10)) {
            return true;
        }
    }
    return false;
}

static bool exchange(struct client *client, int fd)
{
    char body[16384];
    char head[256];
    char answer[4096];
    size_t len = make_body(client->number, client->acknowledged, body, sizeof(body));
    int head_len =
        snprintf(head, sizeof(head),
                 "POST /v1/batch HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic d2s6\r\n"
                 "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                 len);
    const char *accepted;
    const char *duplicates;

    if (!send_all(fd, head, (size_t)head_len) || !send_all(fd, body, len) ||
        !read_answer(fd, answer, sizeof(answer))) {
        return false;
    }
    accepted = strstr(answer, "\"accepted\":");
    duplicates = strstr(answer, "\"duplicates\":");
    if (strncmp(answer, "HTTP/1.1 200", 12) != 0 || !accepted || !duplicates) {
        fprintf(stderr, "client %d: %.200s\n", client->number, answer);
        client->wrong = client->wrong || strncmp(answer, "HTTP/1.1 503", 12) != 0;
        return false;
    }
    client->accepted += (uint32_t)strtoul(accepted + 11, NULL, 10);
    client->duplicates += (uint32_t)strtoul(duplicates + 13, NULL, 10);
    __atomic_store_n(&client->acknowledged, client->acknowledged + 1, __ATOMIC_RELAXED);
    return true;
}

void client_run(struct client *client)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)client->port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        while (!__atomic_load_n(&client->stop, __ATOMIC_RELAXED) && exchange(client, fd)) {
        }
    }
    if (fd >= 0) {
        close(fd);
    }
}
