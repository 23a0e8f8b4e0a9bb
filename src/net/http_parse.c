/* SPDX-License-Identifier: MIT */
/* The parser of requests. A head is looked for first, line by line over the bytes as they come, and
 * read in one go when it is whole: so there is no state between two reads but an offset. Refused
 * are: both lengths, a length that is no plain number, continued lines, white space before a colon,
 * control characters, NUL, lines that end in a bare LF, more than one Host. Trailers are read over.
 * Knows no socket and no memory but its arguments. */
#include "net/http_parse.h"

#include "base/check.h"

#include <string.h>
#include <strings.h>

#define LENGTH_DIGITS_MAX  18
#define CHUNK_DIGITS_MAX   8
#define CHUNK_OVERHEAD_MAX 8192 /* bytes of extensions and trailers in one body */

/* RFC 9110 token characters, a bit each: letters, digits and !#$%&'*+-.^_`|~ */
static const uint32_t token_bits[8] = {0, 0x03ff6cfa, 0xc7fffffe, 0x57ffffff, 0, 0, 0, 0};

static bool is_token(struct rp_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (!(token_bits[c >> 5] >> (c & 31) & 1))
            return false;
    }
    return text.len > 0;
}

static bool has_control(struct rp_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}

static bool is_word(struct rp_str text, struct rp_str wanted)
{
    return text.len == wanted.len && strncasecmp(text.ptr, wanted.ptr, wanted.len) == 0;
}

static bool fault(struct rp_http_fault *ret_fault, int status, const char *code,
                  const char *message)
{
    *ret_fault = (struct rp_http_fault){status, code, message};
    return false;
}

static bool bad(struct rp_http_fault *ret_fault, const char *message)
{
    return fault(ret_fault, 400, "bad_request", message);
}

ptrdiff_t rp_http_head_find(struct rp_str bytes, size_t *at, struct rp_http_fault *ret_fault)
{
    size_t len = bytes.len < RP_HTTP_HEAD_MAX ? bytes.len : RP_HTTP_HEAD_MAX;
    size_t start = *at; /* of the line */

    while (start < len) {
        const char *end = memchr(bytes.ptr + start, '\n', len - start);
        if (!end)
            break;
        size_t line = (size_t)(end - bytes.ptr) - start;
        if (line == 0 || end[-1] != '\r') {
            bad(ret_fault, "a line of the head does not end in CR LF");
            return -1;
        }
        start += line + 1;
        if (line == 1)
            return (ptrdiff_t)start;
        *at = start;
    }
    if (bytes.len < RP_HTTP_HEAD_MAX)
        return 0;
    if (*at == 0)
        fault(ret_fault, 414, "target_too_long", "the request target is too long");
    else
        fault(ret_fault, 431, "head_too_large", "the headers are larger than 24 KiB together");
    return -1;
}

/* "METHOD target HTTP/1.1" */
static bool parse_request_line(struct rp_str line, struct rp_http_head *head,
                               struct rp_http_fault *ret_fault)
{
    const char *end = rp_str_end(line);
    const char *first = line.len ? memchr(line.ptr, ' ', line.len) : NULL;
    const char *second = first ? memchr(first + 1, ' ', (size_t)(end - first - 1)) : NULL;

    if (!second)
        return bad(ret_fault, "the request line is not \"METHOD target HTTP/1.1\"");
    struct rp_str version = {second + 1, (size_t)(end - second - 1)};
    head->method = (struct rp_str){line.ptr, (size_t)(first - line.ptr)};
    head->target = (struct rp_str){first + 1, (size_t)(second - first - 1)};
    head->http_1_0 = rp_str_is(version, "HTTP/1.0");
    head->keep_alive = !head->http_1_0;
    if (!is_token(head->method))
        return bad(ret_fault, "the method is not a word");
    if (head->target.len == 0 || has_control(head->target) ||
        memchr(head->target.ptr, '\t', head->target.len))
        return bad(ret_fault, "the request target is empty or holds a control character");
    if (head->http_1_0 || rp_str_is(version, "HTTP/1.1"))
        return true;
    if (version.len == 8 && rp_str_starts(version, RP_STR("HTTP/")) && version.ptr[6] == '.')
        return fault(ret_fault, 505, "http_version", "only HTTP/1.1 and HTTP/1.0 are spoken here");
    return bad(ret_fault, "the request line does not end in HTTP/1.1");
}

static bool parse_length(struct rp_str text, uint64_t *ret_length)
{
    uint64_t length = 0;

    if (text.len == 0 || text.len > LENGTH_DIGITS_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        length = length * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    *ret_length = length;
    return true;
}

static bool is_host(struct rp_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c <= ' ' || c >= 0x7f || memchr("/\\?#@,\"<>", c, 9))
            return false;
    }
    return true;
}

/* The words of a Connection header. */
static void see_connection(struct rp_str value, struct rp_http_head *head)
{
    size_t at = 0;

    while (at < value.len) {
        size_t start = at;
        while (at < value.len && value.ptr[at] != ',' && value.ptr[at] != ' ')
            at++;
        struct rp_str word = {value.ptr + start, at - start};
        if (is_word(word, RP_STR("close")))
            head->keep_alive = false;
        else if (is_word(word, RP_STR("keep-alive")) && head->http_1_0)
            head->keep_alive = true;
        at++;
    }
}

/* How often the headers that frame a request were seen. */
struct seen {
    int lengths, encodings, hosts;
};

/* Headers that decide about framing; NULL: nothing is wrong with this one. */
static const char *see_field(const struct rp_http_field *field, struct rp_http_head *head,
                             struct seen *seen)
{
    switch (field->name.len) {
    case 4:
        if (is_word(field->name, RP_STR("Host"))) {
            if (++seen->hosts > 1)
                return "Host is given more than once";
            return is_host(field->value) ? NULL : "Host is not a host name";
        }
        return NULL;
    case 6:
        if (is_word(field->name, RP_STR("Expect")))
            head->expects_continue = is_word(field->value, RP_STR("100-continue"));
        return NULL;
    case 10:
        if (is_word(field->name, RP_STR("Connection")))
            see_connection(field->value, head);
        return NULL;
    case 14:
        if (is_word(field->name, RP_STR("Content-Length"))) {
            if (++seen->lengths > 1)
                return "Content-Length is given more than once";
            return parse_length(field->value, &head->length)
                       ? NULL
                       : "Content-Length must be a plain number";
        }
        return NULL;
    case 17:
        if (is_word(field->name, RP_STR("Transfer-Encoding"))) {
            if (++seen->encodings > 1)
                return "Transfer-Encoding is given more than once";
            head->chunked = true;
            return is_word(field->value, RP_STR("chunked"))
                       ? NULL
                       : "the only Transfer-Encoding understood is chunked";
        }
        return NULL;
    default:
        return NULL;
    }
}

static const char *judge(const struct rp_http_head *head, const struct seen *seen)
{
    if (seen->lengths && seen->encodings)
        return "Content-Length and Transfer-Encoding exclude each other";
    if (seen->encodings && head->http_1_0)
        return "HTTP/1.0 has no Transfer-Encoding";
    if (seen->hosts == 0 && !head->http_1_0)
        return "HTTP/1.1 needs a Host header";
    return NULL;
}

/* "Name: value"; NULL: it is one. */
static const char *parse_field(struct rp_str line, struct rp_http_field *ret_field)
{
    const char *colon = memchr(line.ptr, ':', line.len);

    if (!colon)
        return "a header line has no colon";
    struct rp_str name = {line.ptr, (size_t)(colon - line.ptr)};
    struct rp_str value = {colon + 1, line.len - name.len - 1};
    if (!is_token(name)) /* a continued line begins with white space */
        return "a header name may hold letters, digits and !#$%&'*+-.^_`|~ only";
    if (has_control(value))
        return "a header value holds a control character";
    while (value.len > 0 && (value.ptr[0] == ' ' || value.ptr[0] == '\t')) {
        value.ptr++;
        value.len--;
    }
    while (value.len > 0 && (value.ptr[value.len - 1] == ' ' || value.ptr[value.len - 1] == '\t'))
        value.len--;
    *ret_field = (struct rp_http_field){name, value};
    return NULL;
}

/* The line that starts at *at, without its end; all lines of a head found end in CR LF. */
static struct rp_str next_line(struct rp_str head, size_t *at)
{
    const char *start = head.ptr + *at;
    const char *end = memchr(start, '\n', head.len - *at);

    RP_ASSERT(end != NULL && end > start);
    *at = (size_t)(end - head.ptr) + 1;
    return (struct rp_str){start, (size_t)(end - start) - 1};
}

bool rp_http_head_parse(struct rp_str text, struct rp_http_head *ret_head,
                        struct rp_http_fault *ret_fault)
{
    struct seen seen = {0};
    size_t at = 0;

    memset(ret_head, 0, offsetof(struct rp_http_head, fields));
    if (!parse_request_line(next_line(text, &at), ret_head, ret_fault))
        return false;
    for (;;) {
        struct rp_str line = next_line(text, &at);
        if (line.len == 0)
            break;
        if (ret_head->field_count == RP_HTTP_HEADERS_MAX)
            return fault(ret_fault, 431, "too_many_headers", "a request holds at most 100 headers");
        struct rp_http_field *field = &ret_head->fields[ret_head->field_count];
        const char *wrong = parse_field(line, field);
        if (!wrong)
            wrong = see_field(field, ret_head, &seen);
        if (wrong)
            return bad(ret_fault, wrong);
        ret_head->field_count++;
    }
    const char *wrong = judge(ret_head, &seen);
    return wrong ? bad(ret_fault, wrong) : true;
}

/* --- chunks ---
 *
 *   SIZE ──hex──▶ SIZE ──;──▶ EXTENSION ──CR──▶ SIZE_LF ──▶ DATA ──▶ DATA_CR ──▶ DATA_LF ──▶ SIZE
 *                                                   └──size 0──▶ LINE ──text──▶ TRAILER ──▶ LINE
 *                                                                  └──CR──▶ END_LF ──▶ DONE */
enum { SIZE, EXTENSION, SIZE_LF, DATA, DATA_CR, DATA_LF, LINE, TRAILER, TRAILER_LF, END_LF, DONE };

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool see_size(struct rp_http_chunks *chunks, char c)
{
    int digit = hex(c);

    if (digit >= 0) {
        chunks->left = chunks->left * 16 + (uint64_t)digit;
        return ++chunks->digits <= CHUNK_DIGITS_MAX;
    }
    chunks->state = c == '\r' ? SIZE_LF : EXTENSION;
    return chunks->digits > 0 && (c == '\r' || c == ';');
}

/* A character of an extension or a trailer: goes to `next` at its CR. */
static bool see_extra(struct rp_http_chunks *chunks, char c, int next)
{
    if (c == '\r') {
        chunks->state = next;
        return true;
    }
    return !has_control((struct rp_str){&c, 1}) && ++chunks->overhead <= CHUNK_OVERHEAD_MAX;
}

static bool see_char(struct rp_http_chunks *chunks, char c)
{
    switch (chunks->state) {
    case SIZE:
        return see_size(chunks, c);
    case EXTENSION:
        return see_extra(chunks, c, SIZE_LF);
    case SIZE_LF:
        chunks->state = chunks->left > 0 ? DATA : LINE;
        return c == '\n';
    case DATA_CR:
        chunks->state = DATA_LF;
        return c == '\r';
    case DATA_LF:
        chunks->state = SIZE;
        chunks->digits = 0;
        return c == '\n';
    case LINE:
        chunks->state = c == '\r' ? END_LF : TRAILER;
        return c == '\r' || see_extra(chunks, c, TRAILER_LF);
    case TRAILER:
        return see_extra(chunks, c, TRAILER_LF);
    case TRAILER_LF:
        chunks->state = LINE;
        return c == '\n';
    case END_LF:
        chunks->state = DONE;
        return c == '\n';
    default:
        return false;
    }
}

enum rp_chunk_step rp_http_chunks_next(struct rp_http_chunks *chunks, struct rp_str bytes,
                                       size_t *at, struct rp_str *ret_data)
{
    while (chunks->state != DONE) {
        if (*at == bytes.len)
            return RP_CHUNK_MORE;
        if (chunks->state != DATA) {
            if (!see_char(chunks, bytes.ptr[(*at)++]))
                return RP_CHUNK_BAD;
            continue;
        }
        size_t len = bytes.len - *at;
        if (len > chunks->left)
            len = (size_t)chunks->left;
        *ret_data = (struct rp_str){bytes.ptr + *at, len};
        *at += len;
        chunks->left -= len;
        if (chunks->left == 0)
            chunks->state = DATA_CR;
        return RP_CHUNK_DATA;
    }
    return RP_CHUNK_END;
}
