/* SPDX-License-Identifier: MIT */
/* Reads the record of a base. Whatever is damaged reads as empty; nothing is read beyond it. */
#include "base/hash.h"
#include "engine/base_event.h"

#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The list of texts; NULL: there is none. */
static const struct rp_prop *record_of(const struct rp_event *event)
{
    const struct rp_prop *props = event->props;

    for (uint32_t i = 1; i < event->prop_count; i = props[i].next) {
        if (rp_str_is(props[i].key, "base") && props[i].type == RP_ARRAY)
            return &props[i];
    }
    return NULL;
}

bool rp_base_open(struct rp_arena *arena, const struct rp_event *event,
                  struct rp_base_reader *ret_reader)
{
    const struct rp_prop *list = record_of(event);
    uint32_t at = list ? (uint32_t)(list - event->props) + 1 : 0, end = list ? list->next : 0;
    size_t room = 0, len = 0;
    uint8_t *bytes;

    for (uint32_t i = at; i < end; i = event->props[i].next)
        room += event->props[i].text.len / 2;
    bytes = rp_arena_alloc(arena, room + 1);
    for (uint32_t i = at; i < end; i = event->props[i].next) {
        struct rp_str text = event->props[i].text;

        for (size_t c = 0; c + 1 < text.len; c += 2) {
            int high = hex_digit(text.ptr[c]), low = hex_digit(text.ptr[c + 1]);

            if (high < 0 || low < 0)
                return false;
            bytes[len++] = (uint8_t)(high << 4 | low);
        }
    }
    *ret_reader = (struct rp_base_reader){.at = bytes, .end = bytes + len};
    return rp_base_u32(ret_reader) == RP_BASE_VERSION;
}

static void read(struct rp_base_reader *reader, void *to, size_t len)
{
    reader->bad = reader->bad || (size_t)(reader->end - reader->at) < len;
    if (reader->bad) {
        memset(to, 0, len);
        return;
    }
    memcpy(to, reader->at, len);
    reader->at += len;
}

uint32_t rp_base_u32(struct rp_base_reader *reader)
{
    uint32_t value;

    read(reader, &value, sizeof(value));
    return value;
}

int64_t rp_base_i64(struct rp_base_reader *reader)
{
    int64_t value;

    read(reader, &value, sizeof(value));
    return value;
}

struct rp_str rp_base_str(struct rp_base_reader *reader)
{
    uint32_t len = rp_base_u32(reader);
    struct rp_str text = {(const char *)reader->at, len};

    reader->bad = reader->bad || (size_t)(reader->end - reader->at) < len;
    if (reader->bad)
        return RP_STR("");
    reader->at += len;
    return text;
}

struct rp_base_grant rp_base_grant(struct rp_base_reader *reader)
{
    struct rp_base_grant grant;

    grant.rule = rp_base_str(reader);
    grant.dim = rp_base_str(reader);
    grant.model = rp_base_str(reader);
    grant.key = rp_base_str(reader);
    grant.event_name = rp_base_str(reader);
    grant.evidence = rp_base_str(reader);
    grant.why = rp_base_str(reader);
    grant.cut = rp_base_str(reader);
    grant.at_ms = rp_base_i64(reader);
    grant.asked = rp_base_i64(reader);
    grant.granted = rp_base_i64(reader);
    grant.until_ms = rp_base_i64(reader);
    grant.by_hand = rp_base_u32(reader) != 0;
    return grant;
}

struct rp_base_seen rp_base_seen(struct rp_base_reader *reader)
{
    struct rp_base_seen seen;
    uint32_t type = rp_base_u32(reader);

    seen.type = type < RP_EVENT_TYPES ? (enum rp_event_type)type : RP_IDENTIFY;
    seen.flags = rp_base_u32(reader);
    seen.name = rp_base_str(reader);
    seen.at_ms = rp_base_i64(reader);
    seen.received_ms = rp_base_i64(reader);
    return seen;
}

const int64_t *rp_base_nodes(struct rp_arena *arena, const struct rp_event *event,
                             size_t *ret_count)
{
    struct rp_base_reader reader;
    struct rp_str bytes = RP_STR("");
    int64_t *nodes;

    if (rp_base_open(arena, event, &reader)) {
        (void)rp_base_u32(&reader);
        (void)rp_base_str(&reader);
        bytes = rp_base_str(&reader);
    }
    *ret_count = bytes.len / sizeof(*nodes);
    nodes = RP_ARENA_ARRAY(arena, int64_t, *ret_count + 1);
    if (*ret_count > 0)
        memcpy(nodes, bytes.ptr, *ret_count * sizeof(*nodes));
    return nodes;
}
