/* SPDX-License-Identifier: MIT */
/* Gunzip by zlib's stream interface. The output grows in the arena by doubling up to the limit and
 * one byte: if that byte is written, the body is too large, whatever else would come out of it. */
#include "net/gzip.h"

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

#include <limits.h>
#include <stdlib.h>

#include <zlib.h>

#define GZIP_ONLY (15 + 16) /* window bits; no zlib header, no raw deflate */

struct rp_gunzip {
    z_stream stream;
};

struct rp_gunzip *rp_gunzip_new(void)
{
    struct rp_gunzip *gunzip = rp_calloc(1, sizeof(*gunzip));

    if (inflateInit2(&gunzip->stream, GZIP_ONLY) != Z_OK)
        abort(); /* only out of memory gets here */
    return gunzip;
}

void rp_gunzip_free(struct rp_gunzip *gunzip)
{
    if (!gunzip)
        return;
    inflateEnd(&gunzip->stream);
    free(gunzip);
}

/* Doubles the room for output; false: the limit is reached. */
static bool more_room(struct rp_arena *arena, z_stream *z, char **text, size_t *cap, size_t max)
{
    size_t used = *cap - z->avail_out;
    size_t wider = *cap > max / 2 ? max : *cap * 2;

    if (*cap == max)
        return false;
    char *room = rp_arena_alloc(arena, wider);
    memcpy(room, *text, used);
    *text = room;
    *cap = wider;
    z->next_out = (Bytef *)room + used;
    z->avail_out = (uInt)(wider - used);
    return true;
}

int rp_gunzip_run(struct rp_arena *arena, struct rp_gunzip *gunzip, struct rp_str packed,
                  size_t bytes_max, struct rp_str *ret_plain)
{
    z_stream *z = &gunzip->stream;
    size_t max = bytes_max + 1; /* one byte more shows that it is too much */
    size_t cap = packed.len < max / 4 ? packed.len * 4 + 64 : max;
    int result = Z_OK;

    RP_ASSERT(bytes_max < UINT_MAX && packed.len <= UINT_MAX);
    if (cap > max)
        cap = max;
    char *text = rp_arena_alloc(arena, cap);
    inflateReset(z);
    z->next_in = (z_const Bytef *)(uintptr_t)packed.ptr; /* zlib reads only */
    z->avail_in = (uInt)packed.len;
    z->next_out = (Bytef *)text;
    z->avail_out = (uInt)cap;
    for (;;) {
        result = inflate(z, Z_NO_FLUSH);
        if (result == Z_STREAM_END && z->avail_in == 0)
            break;
        if (result == Z_STREAM_END) { /* the next member */
            inflateReset(z);
            continue;
        }
        if (result != Z_OK && result != Z_BUF_ERROR)
            return RIPEN_EINPUT;
        if (z->avail_out == 0) {
            if (!more_room(arena, z, &text, &cap, max))
                return RIPEN_ELIMIT;
        } else if (z->avail_in == 0) {
            return RIPEN_EINPUT; /* cut off */
        }
    }
    size_t len = cap - z->avail_out;
    if (len > bytes_max)
        return RIPEN_ELIMIT;
    *ret_plain = (struct rp_str){text, len};
    return 0;
}
