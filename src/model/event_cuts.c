/* SPDX-License-Identifier: MIT */
/* The commas of a body's outer levels, and the hashes of what follows them. The scan goes forward,
 * since only so texts are told from what is between them; the hashes are rolled from the end by
 * eight bytes, with what is left in front of an end mixed in last. */
#include "model/event_cuts.h"

#include <stdbool.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define END_MIN  24 /* bytes; less is not worth a number */
#define END_MAX  1024
#define BODY_MAX 8192 /* of longer bodies the end is a small part */
#define LEVELS   2
#define WORD     8

/* ---- Commas ---------------------------------------------------------------------------------- */

/* Bytes that matter to find_commas. */
static const uint8_t marks[256] = {
    ['"'] = 1, ['\\'] = 1, [','] = 1, ['{'] = 1, ['['] = 1, ['}'] = 1, [']'] = 1,
};

static size_t next_mark(struct rp_str body, size_t at)
{
    while (at < body.len && !marks[(unsigned char)body.ptr[at]])
        at++;
    return at;
}

/* Behind the closing quote of the text that starts behind an opening one. */
static size_t skip_text(struct rp_str body, size_t at)
{
#if defined(__SSE2__)
    while (at < body.len && body.len - at >= 16) {
        __m128i word = _mm_loadu_si128((const __m128i *)(const void *)(body.ptr + at));
        __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(word, _mm_set1_epi8('"')),
                                   _mm_cmpeq_epi8(word, _mm_set1_epi8('\\')));
        unsigned bits = (unsigned)_mm_movemask_epi8(hit);
        if (!bits) {
            at += 16;
            continue;
        }
        at += (size_t)__builtin_ctz(bits);
        if (body.ptr[at] == '"')
            return at + 1;
        at += 2;
    }
#endif
    for (; at < body.len && body.ptr[at] != '"'; at++)
        at += body.ptr[at] == '\\';
    return at + 1;
}

/* The last RP_CUTS_MAX commas of the outer levels of which the rest of the body is short enough, in
 * a ring. */
static size_t find_commas(struct rp_str body, uint32_t ring[RP_CUTS_MAX])
{
    size_t count = 0;
    int depth = 0;

    for (size_t at = next_mark(body, 0); at < body.len; at = next_mark(body, at)) {
        char c = body.ptr[at++];
        if (c == '"')
            at = skip_text(body, at);
        else if (c == '{' || c == '[')
            depth++;
        else if (c == '}' || c == ']')
            depth--;
        else if (c == ',' && depth <= LEVELS && body.len - at < END_MAX)
            ring[count++ % RP_CUTS_MAX] = (uint32_t)(at - 1);
    }
    return count;
}

/* ---- Hashes ---------------------------------------------------------------------------------- */

struct roll {
    uint64_t hash;
    size_t taken; /* bytes from the end, whole words */
};

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

/* Goes on to an end that is no shorter than the one before. */
static uint64_t roll_to(struct roll *roll, struct rp_str end)
{
    uint64_t word = 0;

    for (; end.len - roll->taken >= WORD; roll->taken += WORD) {
        memcpy(&word, end.ptr + end.len - roll->taken - WORD, WORD);
        roll->hash = mix(roll->hash, word);
    }
    word = 0;
    memcpy(&word, end.ptr, end.len - roll->taken);
    return mix(mix(roll->hash, word), end.len);
}

uint64_t rp_cut_hash(struct rp_str end)
{
    struct roll roll = {0};

    return roll_to(&roll, end);
}

size_t rp_body_cuts(struct rp_str body, struct rp_cut cuts[RP_CUTS_MAX])
{
    uint32_t commas[RP_CUTS_MAX];
    struct roll roll = {0};
    size_t found, count = 0, from = body.len;

    if (body.len < END_MIN || body.len > BODY_MAX)
        return 0;
    found = find_commas(body, commas);
    for (size_t i = found; i-- > 0 && found - i <= RP_CUTS_MAX;) {
        uint32_t at = commas[i % RP_CUTS_MAX];
        if (memchr(body.ptr + at, '@', from - at))
            break;
        from = at;
        if (body.len - at < END_MIN)
            continue;
        cuts[count++] =
            (struct rp_cut){at, roll_to(&roll, (struct rp_str){body.ptr + at, body.len - at})};
    }
    return count;
}

void rp_event_cut(struct rp_arena *arena, struct rp_event *event)
{
    struct rp_cut cuts[RP_CUTS_MAX], *kept;
    size_t count = rp_body_cuts(event->body, cuts);

    kept = RP_ARENA_ARRAY(arena, struct rp_cut, count + 1); /* that there is none is known, too */
    memcpy(kept, cuts, count * sizeof(*kept));
    event->cuts = kept;
    event->cut_count = (uint32_t)count;
}
