/* SPDX-License-Identifier: MIT */
/* SMTP over libcurl's easy interface. Knows one server and the conversation with it: the last
 * command and the last answer are read from libcurl's own record, since a refusal of the sender or
 * of our password says nothing about the recipient. Must not know rows, queues or retries. Secrets
 * do not leave libcurl: commands are looked at, never kept. */
#include "deliver/smtp.h"

#include "base/check.h"
#include "base/mem.h"
#include "base/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

enum { CONNECT_TIMEOUT_MS = 10000, ADDRESS_MAX = 320 };

struct rp_smtp_client {
    CURL *easy;
    const atomic_bool *cancel;
    char *url, *user, *password;
    int64_t timeout_ms;
    enum rp_smtp_tls tls;
    /* The present message. */
    struct rp_str message;
    size_t read;
    struct rp_smtp_answer *answer;
    bool over; /* QUIT was said: what follows is about nothing */
    char detail[CURL_ERROR_SIZE];
};

/* ---- The conversation ------------------------------------------------------------------------ */

static bool starts(const char *text, size_t size, const char *word)
{
    return size >= strlen(word) && strncasecmp(text, word, strlen(word)) == 0;
}

static void on_command(struct rp_smtp_client *client, const char *text, size_t size)
{
    if (starts(text, size, "QUIT"))
        client->over = true;
    else if (starts(text, size, "MAIL FROM"))
        client->answer->stage = RP_SMTP_SENDER;
    else if (starts(text, size, "RCPT TO"))
        client->answer->stage = RP_SMTP_RECIPIENT;
    else if (starts(text, size, "DATA"))
        client->answer->stage = RP_SMTP_MESSAGE;
    else
        client->answer->stage = RP_SMTP_CONNECTING;
}

/* "550 5.1.1 nobody of this name", the last of possibly many lines. */
static void on_reply(struct rp_smtp_client *client, const char *text, size_t size)
{
    struct rp_smtp_answer *answer = client->answer;
    size_t len = 0;
    int code = 0;

    for (size_t i = 0; i < 3; i++) {
        if (i >= size || text[i] < '0' || text[i] > '9')
            return;
        code = code * 10 + (text[i] - '0');
    }
    if (client->over || (size > 3 && text[3] == '-'))
        return;
    answer->code = code;
    for (size_t i = 0; i < size && len + 1 < sizeof(answer->error); i++) {
        unsigned char c = (unsigned char)text[i];

        answer->error[len++] = c < 0x20 || c >= 0x7f ? ' ' : (char)c;
    }
    while (len > 0 && answer->error[len - 1] == ' ')
        len--;
    answer->error[len] = '\0';
}

static int on_record(CURL *easy, curl_infotype type, char *text, size_t size, void *ctx)
{
    struct rp_smtp_client *client = ctx;

    (void)easy;
    if (!client->answer)
        return 0;
    if (type == CURLINFO_HEADER_OUT)
        on_command(client, text, size);
    else if (type == CURLINFO_HEADER_IN)
        on_reply(client, text, size);
    return 0;
}

static size_t on_read(char *bytes, size_t size, size_t count, void *ctx)
{
    struct rp_smtp_client *client = ctx;
    size_t left = client->message.len - client->read;
    size_t len = size * count < left ? size * count : left;

    memcpy(bytes, client->message.ptr + client->read, len);
    client->read += len;
    return len;
}

static int on_progress(void *ctx, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
                       curl_off_t up)
{
    const struct rp_smtp_client *client = ctx;

    (void)down_all;
    (void)down;
    (void)up_all;
    (void)up;
    return atomic_load(client->cancel);
}

/* ---- Messages -------------------------------------------------------------------------------- */

static void set_tls(struct rp_smtp_client *client)
{
    static const long levels[] = {[RP_SMTP_TLS_REQUIRED] = CURLUSESSL_ALL,
                                  [RP_SMTP_TLS_OFFERED] = CURLUSESSL_TRY,
                                  [RP_SMTP_TLS_NONE] = CURLUSESSL_NONE};
    const char *authorities = getenv("SSL_CERT_FILE");

    curl_easy_setopt(client->easy, CURLOPT_USE_SSL, levels[client->tls]);
    curl_easy_setopt(client->easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(client->easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(client->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (authorities && authorities[0])
        curl_easy_setopt(client->easy, CURLOPT_CAINFO, authorities);
}

static void set_options(struct rp_smtp_client *client)
{
    CURL *easy = client->easy;
    long connect_ms =
        client->timeout_ms < CONNECT_TIMEOUT_MS ? (long)client->timeout_ms : CONNECT_TIMEOUT_MS;

    curl_easy_setopt(easy, CURLOPT_URL, client->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)client->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, client);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, client);
    curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_record);
    curl_easy_setopt(easy, CURLOPT_DEBUGDATA, client);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, client->detail);
    if (client->password[0]) {
        curl_easy_setopt(easy, CURLOPT_USERNAME, client->user);
        curl_easy_setopt(easy, CURLOPT_PASSWORD, client->password);
    }
    set_tls(client);
}

struct rp_smtp_client *rp_smtp_new(const struct rp_smtp *smtp, const atomic_bool *cancel)
{
    struct rp_smtp_client *client = rp_calloc(1, sizeof(*client));

    client->easy = curl_easy_init();
    RP_ASSERT(client->easy != NULL);
    client->cancel = cancel;
    client->url = rp_strndup(smtp->url.ptr, smtp->url.len);
    client->user = rp_strndup(smtp->user.ptr, smtp->user.len);
    client->password = rp_strndup(smtp->password.ptr, smtp->password.len);
    client->timeout_ms = smtp->timeout_ms;
    client->tls = smtp->tls;
    set_options(client);
    return client;
}

void rp_smtp_free(struct rp_smtp_client *client)
{
    if (!client)
        return;
    client->answer = NULL;
    curl_easy_cleanup(client->easy);
    explicit_bzero(client->password, strlen(client->password));
    free(client->url);
    free(client->user);
    free(client->password);
    free(client);
}

/* "the mail server refused the recipient: 550 5.1.1 nobody here" */
static void explain(const struct rp_smtp_client *client, CURLcode code,
                    struct rp_smtp_answer *answer)
{
    static const char *const about[] = {
        [RP_SMTP_CONNECTING] = "the mail server refused us",
        [RP_SMTP_SENDER] = "the mail server refused the sender",
        [RP_SMTP_RECIPIENT] = "the mail server refused the recipient",
        [RP_SMTP_MESSAGE] = "the mail server refused the message",
    };
    char reply[sizeof(answer->error)];

    memcpy(reply, answer->error, sizeof(reply));
    if (answer->code >= 400)
        snprintf(answer->error, sizeof(answer->error), "%s: %.220s", about[answer->stage], reply);
    else
        snprintf(answer->error, sizeof(answer->error), "the mail server did not answer: %.240s",
                 client->detail[0] ? client->detail : curl_easy_strerror(code));
}

void rp_smtp_send(struct rp_smtp_client *client, struct rp_str from, struct rp_str to,
                  struct rp_str message, struct rp_smtp_answer *ret_answer)
{
    struct curl_slist *recipients;
    char sender[ADDRESS_MAX], recipient[ADDRESS_MAX];
    CURLcode code;

    *ret_answer = (struct rp_smtp_answer){0};
    RP_ASSERT(from.len < sizeof(sender) && to.len < sizeof(recipient));
    snprintf(sender, sizeof(sender), "%.*s", RP_STR_ARG(from));
    snprintf(recipient, sizeof(recipient), "%.*s", RP_STR_ARG(to));
    recipients = curl_slist_append(NULL, recipient);
    RP_ASSERT(recipients != NULL);
    client->message = message;
    client->read = 0;
    client->answer = ret_answer;
    client->over = false;
    client->detail[0] = '\0';
    curl_easy_setopt(client->easy, CURLOPT_MAIL_FROM, sender);
    curl_easy_setopt(client->easy, CURLOPT_MAIL_RCPT, recipients);
    curl_easy_setopt(client->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)message.len);
    code = curl_easy_perform(client->easy);
    client->answer = NULL;
    curl_easy_setopt(client->easy, CURLOPT_MAIL_RCPT, NULL);
    curl_slist_free_all(recipients);
    ret_answer->sent = code == CURLE_OK;
    if (ret_answer->sent)
        ret_answer->error[0] = '\0';
    else
        explain(client, code, ret_answer);
}

/* ---- Meaning --------------------------------------------------------------------------------- */

/* The enhanced status (RFC 3463) behind a code: "550 5.7.1 …" gives subject 7, detail 1. */
static bool enhanced_of(const char *error, int *ret_subject, int *ret_detail)
{
    for (const char *at = error; (at = strstr(at, "5.")) != NULL; at++) {
        if (at == error || at[-1] != ' ')
            continue;
        char *dot, *end;
        long subject = strtol(at + 2, &dot, 10);
        long detail = *dot == '.' ? strtol(dot + 1, &end, 10) : -1;
        if (dot == at + 2 || detail < 0 || end == dot + 1 || subject > 99 || detail > 999)
            continue;
        *ret_subject = (int)subject;
        *ret_detail = (int)detail;
        return true;
    }
    return false;
}

enum rp_smtp_meaning rp_smtp_meaning(const struct rp_smtp_answer *answer)
{
    int subject, detail;

    if (answer->sent)
        return RP_SMTP_SENT;
    if (answer->code < 500 || answer->code > 599 || answer->stage == RP_SMTP_CONNECTING ||
        answer->stage == RP_SMTP_SENDER)
        return RP_SMTP_LATER;
    if (enhanced_of(answer->error, &subject, &detail))
        return subject == 1 || (subject == 2 && detail != 2 && detail != 3) || subject == 0
                   ? RP_SMTP_DEAD
                   : RP_SMTP_REFUSED;
    return answer->code == 552 ? RP_SMTP_REFUSED : RP_SMTP_DEAD;
}
