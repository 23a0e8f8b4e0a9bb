/* SPDX-License-Identifier: MIT */
/* The strictness that the library lacks: framing that two parsers could read differently is refused
 * with 400, and the connection is closed. One walk over the headers, before any byte of the body is
 * taken. Looks at nothing but framing and Host; pure but for reading the connection.
 *
 * The library joins continued lines, drops headers without a name and hides what follows a NUL. It
 * leaves names and values where they came in, each line end as two NULs, so what it hides shows as
 * a gap between one header and the next, or in the size of the head. That is known of version
 * 0.9.75 only, so other versions are not judged by it: 1.0 refuses all of this by itself. */
#include "net/http_impl.h"

#include <strings.h>

#define HEADERS_MAX       100
#define LENGTH_DIGITS_MAX 18

struct walk {
    size_t count, lengths, encodings, hosts;
    const char *length, *encoding, *host;
    size_t length_len, encoding_len, host_len;
    const char *end;   /* behind the line end of the header before; NULL: of none yet */
    bool broken;       /* something between two headers was not shown to us */
    const char *wrong; /* sentence; NULL: good so far */
};

/* RFC 9110 token characters, a bit each: letters, digits and !#$%&'*+-.^_`|~ */
static const uint32_t token_bits[8] = {0, 0x03ff6cfa, 0xc7fffffe, 0x57ffffff, 0, 0, 0, 0};

static bool is_token(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (!(token_bits[c >> 5] >> (c & 31) & 1))
            return false;
    }
    return len > 0;
}

static bool has_control(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}

static bool is_named(const char *name, size_t len, struct rp_str wanted)
{
    return len == wanted.len && strncasecmp(name, wanted.ptr, len) == 0;
}

static enum MHD_Result see_header(void *ctx, enum MHD_ValueKind kind, const char *name,
                                  size_t name_len, const char *value, size_t value_len)
{
    struct walk *walk = ctx;

    (void)kind;
    walk->count++;
    walk->broken = walk->broken || (walk->end && walk->end != name);
    walk->end = (value ? value + value_len : name + name_len + 1) + 2;
    if (!is_token(name, name_len))
        walk->wrong = "a header name may hold letters, digits and !#$%&'*+-.^_`|~ only";
    else if (value && has_control(value, value_len))
        walk->wrong = "a header value holds a control character";
    if (is_named(name, name_len, RP_STR("Content-Length"))) {
        walk->lengths++;
        walk->length = value;
        walk->length_len = value_len;
    } else if (is_named(name, name_len, RP_STR("Transfer-Encoding"))) {
        walk->encodings++;
        walk->encoding = value;
        walk->encoding_len = value_len;
    } else if (is_named(name, name_len, RP_STR("Host"))) {
        walk->hosts++;
        walk->host = value;
        walk->host_len = value_len;
    }
    return walk->wrong ? MHD_NO : MHD_YES;
}

static bool parse_length(const char *text, size_t len, uint64_t *ret_length)
{
    uint64_t length = 0;

    if (len == 0 || len > LENGTH_DIGITS_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        length = length * 10 + (uint64_t)(text[i] - '0');
    }
    *ret_length = length;
    return true;
}

static bool is_host(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c <= ' ' || c >= 0x7f || memchr("/\\?#@,\"<>", c, 9))
            return false;
    }
    return true;
}

/* Is every byte of the head, from the method to the empty line, one that we were shown? */
static bool is_whole(struct MHD_Connection *connection, const struct walk *walk, const char *method)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    if (strcmp(MHD_get_version(), "0.9.75") != 0 || !walk->end || !info)
        return true;
    return !walk->broken && (size_t)(walk->end + 2 - method) == info->header_size;
}

/* What is wrong with the framing; NULL: nothing. */
static const char *judge_framing(const struct walk *walk, bool http_1_1,
                                 struct rp_verdict_head *verdict)
{
    if (walk->wrong)
        return walk->wrong;
    if (walk->lengths > 1)
        return "Content-Length is given more than once";
    if (walk->encodings > 1)
        return "Transfer-Encoding is given more than once";
    if (walk->lengths && walk->encodings)
        return "Content-Length and Transfer-Encoding exclude each other";
    if (walk->lengths && !parse_length(walk->length, walk->length_len, &verdict->length))
        return "Content-Length must be a plain number";
    if (walk->encodings && !is_named(walk->encoding, walk->encoding_len, RP_STR("chunked")))
        return "the only Transfer-Encoding understood is chunked";
    if (walk->encodings && !http_1_1)
        return "HTTP/1.0 has no Transfer-Encoding";
    if (walk->hosts > 1)
        return "Host is given more than once";
    if (walk->hosts == 0 && http_1_1)
        return "HTTP/1.1 needs a Host header";
    if (walk->hosts && !is_host(walk->host, walk->host_len))
        return "Host is not a host name";
    return NULL;
}

void rp_http_guard(struct MHD_Connection *connection, const char *method, const char *version,
                   struct rp_verdict_head *ret_verdict)
{
    struct walk walk = {0};
    struct rp_verdict_head verdict = {0};
    bool http_1_1 = strcmp(version, "HTTP/1.1") == 0;

    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, see_header, &walk);
    verdict.has_length = walk.lengths == 1;
    verdict.chunked = walk.encodings == 1;
    if (!http_1_1 && strcmp(version, "HTTP/1.0") != 0) {
        verdict.status = 505;
        verdict.code = "http_version";
        verdict.message = "only HTTP/1.1 and HTTP/1.0 are spoken here";
    } else if (walk.count > HEADERS_MAX) {
        verdict.status = 431;
        verdict.code = "too_many_headers";
        verdict.message = "a request holds at most 100 headers";
    } else {
        verdict.message = judge_framing(&walk, http_1_1, &verdict);
        if (!is_token(method, strlen(method)))
            verdict.message = "the method is not a word";
        else if (!verdict.message && !is_whole(connection, &walk, method))
            verdict.message =
                "a header line is continued, has no name, holds a NUL or does not end "
                "in CR LF";
        if (verdict.message) {
            verdict.status = 400;
            verdict.code = "bad_request";
        }
    }
    *ret_verdict = verdict;
}
