/* SPDX-License-Identifier: MIT */
/* A request of any bytes: its head is found at the same place and read alike however the bytes are
 * cut, all texts lie within it and hold no line end, and the chunks of what follows give the same
 * body piecewise as at once. */
#include "base/buf.h"
#include "base/check.h"
#include "fuzz.h"
#include "net/http_parse.h"

static bool is_within(struct rp_str part, struct rp_str whole)
{
    return part.len == 0 || (part.ptr >= whole.ptr && rp_str_end(part) <= rp_str_end(whole));
}

static bool is_clean(struct rp_str text)
{
    return text.len == 0 ||
           (!memchr(text.ptr, '\r', text.len) && !memchr(text.ptr, '\n', text.len) &&
            !memchr(text.ptr, '\0', text.len));
}

/* With the bytes coming `step` at a time. */
static ptrdiff_t find_in_steps(struct rp_str bytes, size_t step)
{
    struct rp_http_fault fault;
    size_t at = 0;

    for (size_t len = step;; len += step) {
        struct rp_str seen = {bytes.ptr, len < bytes.len ? len : bytes.len};
        ptrdiff_t found = rp_http_head_find(seen, &at, &fault);
        if (found != 0 || seen.len == bytes.len)
            return found;
    }
}

static void check_head(struct rp_str head)
{
    static struct rp_http_head parsed;
    struct rp_http_fault fault = {0};

    if (!rp_http_head_parse(head, &parsed, &fault)) {
        RP_ASSERT(fault.status >= 400 && fault.code && fault.message);
        return;
    }
    RP_ASSERT(is_within(parsed.method, head) && is_within(parsed.target, head));
    RP_ASSERT(is_clean(parsed.method) && is_clean(parsed.target) && parsed.target.len > 0);
    RP_ASSERT(parsed.field_count <= RP_HTTP_HEADERS_MAX && !(parsed.chunked && parsed.length > 0));
    for (size_t i = 0; i < parsed.field_count; i++) {
        const struct rp_http_field *field = &parsed.fields[i];
        RP_ASSERT(is_within(field->name, head) && is_within(field->value, head));
        RP_ASSERT(field->name.len > 0 && is_clean(field->name) && is_clean(field->value));
    }
}

/* The decoded body; how it ended. */
static enum rp_chunk_step decode(struct rp_str bytes, size_t step, struct rp_buf *out)
{
    struct rp_http_chunks chunks = {0};

    for (size_t begin = 0;; begin += step) {
        size_t at = 0, left = bytes.len - begin;
        struct rp_str part = {bytes.ptr + begin, left < step ? left : step}, piece;
        enum rp_chunk_step done;
        while ((done = rp_http_chunks_next(&chunks, part, &at, &piece)) == RP_CHUNK_DATA) {
            RP_ASSERT(piece.len > 0 && is_within(piece, part));
            rp_buf_str(out, piece);
        }
        RP_ASSERT(at <= part.len);
        if (done != RP_CHUNK_MORE || part.len == left)
            return done;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct rp_str text = {(const char *)bytes, size};
    struct rp_buf whole = {0}, pieces = {0};
    ptrdiff_t len = size ? find_in_steps(text, size) : 0;

    if (size) {
        RP_ASSERT(find_in_steps(text, 1) == len && find_in_steps(text, 7) == len);
    }
    size_t head = len > 0 ? (size_t)len : 0;
    if (head)
        check_head((struct rp_str){text.ptr, head});
    struct rp_str rest = {text.ptr + head, size - head};
    if (rest.len) {
        enum rp_chunk_step end = decode(rest, rest.len, &whole);
        RP_ASSERT(decode(rest, 1, &pieces) == end);
        RP_ASSERT(rp_str_eq(rp_buf_view(&whole), rp_buf_view(&pieces)));
    }
    rp_buf_fini(&whole);
    rp_buf_fini(&pieces);
    return 0;
}
