/* SPDX-License-Identifier: MIT */
/* The small form of a cached lead. Numbers are variable in length and left out when they are 0,
 * most times are told as differences to the first, the public id by five bits a letter; of each
 * eight bytes of cells only those stand that are not 0. What is opened is what was made, byte by
 * byte.
 *
 * Knows every field of a lead: whoever adds one adds it here. */
#include "core/cold.h"

#include "base/check.h"
#include "base/mem.h"

#include <stddef.h>
#include <string.h>

_Static_assert(sizeof(struct rp_lead) == 152 && sizeof(struct rp_cached) == 192,
               "a new field of a lead, or of a cached one, is to be kept here too");

enum { ID_HEAD = 3, ID_LETTERS = 26, ID_BYTES = 17, GROUP = 8, WIDE_MAX = 10 };

static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";

/* Numbers of eight bytes; with `time` told as the difference to created_ms, which is the first. */
static const struct {
    size_t at;
    bool time;
} numbers[] = {
    {offsetof(struct rp_cached, lead.created_ms), false},
    {offsetof(struct rp_cached, lead.updated_ms), true},
    {offsetof(struct rp_cached, lead.stage_since_ms), true},
    {offsetof(struct rp_cached, lead.status_since_ms), true},
    {offsetof(struct rp_cached, lead.judged_ms), true},
    {offsetof(struct rp_cached, lead.due_ms), true},
    {offsetof(struct rp_cached, lead.late_ms), true},
    {offsetof(struct rp_cached, queued_ms), true},
    {offsetof(struct rp_cached, timer_ms), true},
    {offsetof(struct rp_cached, lead.through), false},
};

/* --- bytes out --- */

static void put_wide(struct rp_buf *out, uint64_t value)
{
    uint8_t bytes[WIDE_MAX];
    size_t len = 0;

    do {
        bytes[len++] = (uint8_t)(value & 0x7f) | (value > 0x7f ? 0x80 : 0);
        value >>= 7;
    } while (value > 0);
    rp_buf_add(out, bytes, len);
}

static void put_signed(struct rp_buf *out, int64_t value)
{
    put_wide(out, (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0));
}

static int64_t number_of(const struct rp_cached *entry, size_t i)
{
    int64_t value;

    memcpy(&value, (const char *)entry + numbers[i].at, sizeof(value));
    return value;
}

static void put_numbers(struct rp_buf *out, const struct rp_cached *entry)
{
    uint64_t present = 0;

    for (size_t i = 0; i < RP_COUNT(numbers); i++) {
        present |= (uint64_t)(number_of(entry, i) != 0) << i;
    }
    put_wide(out, present);
    for (size_t i = 0; i < RP_COUNT(numbers); i++) {
        /* unsigned, so that any two differ by a number */
        uint64_t base = numbers[i].time ? (uint64_t)entry->lead.created_ms : 0;

        if (present >> i & 1) {
            put_signed(out, (int64_t)((uint64_t)number_of(entry, i) - base));
        }
    }
}

static int letter_value(char c)
{
    return c >= 'a' && c <= 'z' ? c - 'a' : c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

/* 1 and the letters by five bits, or 0 and the text as it is. */
static void put_public_id(struct rp_buf *out, const char id[32])
{
    static const char zeros[32 - ID_HEAD - ID_LETTERS];
    uint8_t bits[ID_BYTES] = {0};
    bool usual = memcmp(id, "ld_", ID_HEAD) == 0 &&
                 memcmp(id + ID_HEAD + ID_LETTERS, zeros, sizeof(zeros)) == 0;

    for (unsigned i = 0; i < ID_LETTERS && usual; i++) {
        int value = letter_value(id[ID_HEAD + i]);
        usual = value >= 0;
        for (unsigned bit = 0; bit < 5 && usual; bit++) {
            unsigned at = i * 5 + bit;
            bits[at / 8] |= (uint8_t)((unsigned)value >> bit & 1U) << (at % 8);
        }
    }
    rp_buf_char(out, usual);
    if (usual) {
        rp_buf_add(out, bits, sizeof(bits));
    } else {
        rp_buf_add(out, id, 32);
    }
}

static void put_cells(struct rp_buf *out, const uint8_t *cells, uint32_t len)
{
    put_wide(out, len);
    for (uint32_t at = 0; at < len; at += GROUP) {
        uint8_t group[1 + GROUP];
        size_t count = 1;

        group[0] = 0;
        for (unsigned i = 0; i < GROUP; i++) {
            group[0] |= (uint8_t)((cells[at + i] != 0) << i);
            group[count] = cells[at + i];
            count += cells[at + i] != 0;
        }
        rp_buf_add(out, group, count);
    }
}

struct rp_cold *rp_cold_make(struct rp_buf *scratch, const struct rp_cached *entry)
{
    const struct rp_lead *lead = &entry->lead;

    RP_ASSERT(!entry->pending && !entry->merged && lead->cells_len % GROUP == 0);
    rp_buf_reset(scratch);
    rp_buf_reserve(scratch, 256 + lead->cells_len / GROUP * (GROUP + 1));
    put_numbers(scratch, entry);
    put_wide(scratch, lead->generation);
    put_wide(scratch, (uint16_t)(lead->stage + 1));
    put_wide(scratch, lead->status);
    put_wide(scratch, lead->due_kind);
    put_wide(scratch, entry->stage_list);
    put_public_id(scratch, lead->public_id);
    put_cells(scratch, lead->cells, lead->cells_len);
    struct rp_cold *cold = rp_malloc(offsetof(struct rp_cold, bytes) + scratch->len);
    cold->id = lead->id;
    cold->flags = lead->flags;
    memcpy(cold->bytes, scratch->ptr, scratch->len);
    return cold;
}

/* --- bytes in --- */

static uint64_t get_wide(const uint8_t **at)
{
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte;

    do {
        byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    return value;
}

static int64_t get_signed(const uint8_t **at)
{
    uint64_t value = get_wide(at);

    return (int64_t)(value >> 1 ^ (value & 1 ? UINT64_MAX : 0));
}

static void get_numbers(const uint8_t **at, struct rp_cached *entry)
{
    uint64_t present = get_wide(at);

    for (size_t i = 0; i < RP_COUNT(numbers); i++) {
        uint64_t base = numbers[i].time ? (uint64_t)entry->lead.created_ms : 0;
        int64_t value = 0;

        if (present >> i & 1) {
            value = (int64_t)((uint64_t)get_signed(at) + base);
        }
        memcpy((char *)entry + numbers[i].at, &value, sizeof(value));
    }
}

static void get_public_id(const uint8_t **at, char id[32])
{
    bool usual = *(*at)++;

    if (!usual) {
        memcpy(id, *at, 32);
        *at += 32;
        return;
    }
    memset(id, 0, 32);
    memcpy(id, "ld_", ID_HEAD);
    for (unsigned i = 0; i < ID_LETTERS; i++) {
        unsigned value = 0;

        for (unsigned bit = 0; bit < 5; bit++) {
            unsigned from = i * 5 + bit;
            value |= (unsigned)((*at)[from / 8] >> (from % 8) & 1) << bit;
        }
        id[ID_HEAD + i] = letters[value];
    }
    *at += ID_BYTES;
}

static void get_cells(struct rp_buf *scratch, const uint8_t **at, struct rp_lead *lead)
{
    size_t len = get_wide(at);

    rp_buf_reset(scratch);
    rp_buf_reserve(scratch, len);
    for (size_t done = 0; done < len; done += GROUP) {
        uint8_t group[GROUP], mask = *(*at)++;

        for (unsigned i = 0; i < GROUP; i++) {
            group[i] = mask >> i & 1 ? *(*at)++ : 0;
        }
        rp_buf_add(scratch, group, sizeof(group));
    }
    int status = rp_lead_cells_set(lead, scratch->ptr, len);
    RP_ASSERT(status == 0);
}

void rp_cold_open(struct rp_buf *scratch, const struct rp_cold *cold, struct rp_cached *entry)
{
    const uint8_t *at = cold->bytes;
    struct rp_lead *lead = &entry->lead;

    lead->id = cold->id;
    lead->flags = cold->flags;
    get_numbers(&at, entry);
    lead->generation = (uint32_t)get_wide(&at);
    lead->stage = (uint16_t)(get_wide(&at) - 1);
    lead->status = (uint32_t)get_wide(&at);
    lead->due_kind = (uint16_t)get_wide(&at);
    entry->stage_list = (uint32_t)get_wide(&at);
    get_public_id(&at, lead->public_id);
    get_cells(scratch, &at, lead);
    entry->pending = entry->pending_last = NULL;
    entry->merged = false;
}
