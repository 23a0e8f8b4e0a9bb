/* SPDX-License-Identifier: MIT */
/* Decay and the accumulators that follow it. Thousandths throughout. What fades by half-lives is
 * one number, unrounded, brought to the time of a grant only when there is one; what fades by line
 * or expires keeps its grants, without those that are gone for good; what never fades is a plain
 * sum. Reading changes nothing.
 *
 *   none:            total i64
 *   half-life:       value f64, at i64
 *   linear, expire:  each: at i64, granted i64
 *   by a field:      each: payload length u32, text length u32, text padded to 8, payload as above
 */
#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "engine/eval.h"

#include <math.h>
#include <stdlib.h>

struct fading {
    double value;
    int64_t at;
};
struct grant {
    int64_t at, granted;
};

int64_t rp_round_milli(double thousandths)
{
    int64_t whole;
    double rest;

    if (isnan(thousandths))
        return 0;
    if (thousandths >= 9e18 || thousandths <= -9e18)
        return thousandths > 0 ? INT64_C(9000000000000000000) : -INT64_C(9000000000000000000);
    whole = (int64_t)thousandths; /* towards zero */
    rest = thousandths - (double)whole;
    if (rest >= 0.5)
        whole += 1;
    else if (rest <= -0.5)
        whole -= 1;
    return whole;
}

double rp_decay_share(const struct rp_decay *decay, int64_t age_ms)
{
    double age = age_ms > 0 ? (double)age_ms : 0, span = (double)decay->span_ms;

    switch (decay->kind) {
    case RP_DECAY_NONE:
        return 1;
    case RP_DECAY_HALF_LIFE:
        return rp_exp2(-age / span);
    case RP_DECAY_LINEAR:
        return age < span ? 1 - age / span : 0;
    case RP_DECAY_EXPIRE:
        return age < span ? 1 : 0;
    }
    return 1;
}

/* ---- Payloads -------------------------------------------------------------------------------- */

static size_t payload_max(const struct rp_decay *decay, size_t len)
{
    if (decay->kind == RP_DECAY_NONE)
        return sizeof(int64_t);
    return decay->kind == RP_DECAY_HALF_LIFE ? sizeof(struct fading) : len + sizeof(struct grant);
}

/* Adds to a payload of `len` bytes (0: none yet) in place; the room is payload_max. Returns its
 * length. */
static size_t payload_grant(const struct rp_decay *decay, uint8_t *payload, size_t len,
                            int64_t t_ms, int64_t granted)
{
    struct fading fading = {0, t_ms};
    struct grant grant = {t_ms, granted};
    int64_t total = 0;
    size_t gone = 0;

    if (decay->kind == RP_DECAY_NONE) {
        if (len)
            memcpy(&total, payload, sizeof(total));
        total += granted;
        memcpy(payload, &total, sizeof(total));
        return sizeof(total);
    }
    if (decay->kind == RP_DECAY_HALF_LIFE) {
        if (len)
            memcpy(&fading, payload, sizeof(fading));
        fading.value = fading.value * rp_decay_share(decay, t_ms - fading.at) + (double)granted;
        fading.at = t_ms > fading.at ? t_ms : fading.at;
        memcpy(payload, &fading, sizeof(fading));
        return sizeof(fading);
    }
    for (struct grant old; gone < len; gone += sizeof(old)) {
        memcpy(&old, payload + gone, sizeof(old));
        if (t_ms - old.at < decay->span_ms)
            break;
    }
    memmove(payload, payload + gone, len - gone);
    memcpy(payload + len - gone, &grant, sizeof(grant));
    return len - gone + sizeof(grant);
}

int rp_sum_part_sign(const struct rp_sum_part *part)
{
    struct fading fading = {0};

    if (part->len)
        memcpy(&fading, part->payload, sizeof(fading));
    return (fading.value > 0) - (fading.value < 0);
}

double rp_sum_part_value(const struct rp_sum_part *part, int64_t plus_ms, int64_t minus_ms)
{
    const struct rp_decay *decay = part->decay;
    struct fading fading;
    struct grant grant;
    int64_t total;
    double value = 0;

    if (part->len == 0)
        return 0;
    if (decay->kind == RP_DECAY_NONE) {
        memcpy(&total, part->payload, sizeof(total));
        return (double)total;
    }
    if (decay->kind == RP_DECAY_HALF_LIFE) {
        memcpy(&fading, part->payload, sizeof(fading));
        return fading.value *
               rp_decay_share(decay, (fading.value > 0 ? plus_ms : minus_ms) - fading.at);
    }
    for (size_t at = 0; at < part->len; at += sizeof(grant)) {
        memcpy(&grant, part->payload + at, sizeof(grant));
        value += (double)grant.granted *
                 rp_decay_share(decay, (grant.granted > 0 ? plus_ms : minus_ms) - grant.at);
    }
    return value;
}

static double payload_value(const struct rp_decay *decay, const uint8_t *payload, size_t len,
                            int64_t t_ms)
{
    struct rp_sum_part part = {decay, payload, (uint32_t)len};

    return rp_sum_part_value(&part, t_ms, t_ms);
}

/* ---- Cells ----------------------------------------------------------------------------------- */

void rp_sum_grant(struct rp_lead *lead, uint32_t key, const struct rp_decay *decay, int64_t t_ms,
                  int64_t granted)
{
    uint32_t len = 0;
    uint8_t *payload;
    size_t used;

    rp_lead_cell(lead, key, &len);
    payload = rp_lead_cell_resize(lead, key, (uint32_t)payload_max(decay, len));
    used = payload_grant(decay, payload, len, t_ms, granted);
    rp_lead_cell_resize(lead, key, (uint32_t)used);
}

bool rp_sum_part(const struct rp_lead *lead, uint32_t key, const struct rp_decay *decay,
                 struct rp_sum_part *ret_part)
{
    *ret_part = (struct rp_sum_part){.decay = decay};
    ret_part->payload = rp_lead_cell(lead, key, &ret_part->len);
    return ret_part->payload != NULL;
}

double rp_sum_value(const struct rp_lead *lead, uint32_t key, const struct rp_decay *decay,
                    int64_t t_ms)
{
    uint32_t len = 0;
    const uint8_t *payload = rp_lead_cell(lead, key, &len);

    return payload ? payload_value(decay, payload, len, t_ms) : 0;
}

/* ---- By a field ------------------------------------------------------------------------------ */

struct keyed {
    uint32_t len, text_len;
};

static size_t pad8(size_t len)
{
    return (len + 7) & ~(size_t)7;
}

static void keyed_put(struct rp_buf *out, struct rp_str text, const uint8_t *payload, size_t len)
{
    static const char zero[8];
    struct keyed head = {(uint32_t)len, (uint32_t)text.len};

    rp_buf_add(out, &head, sizeof(head));
    rp_buf_add(out, text.ptr, text.len);
    rp_buf_add(out, zero, pad8(text.len) - text.len);
    rp_buf_add(out, payload, len);
}

bool rp_sum_by_grant(struct rp_arena *arena, struct rp_lead *lead, uint32_t key,
                     const struct rp_decay *decay, int64_t t_ms, int64_t granted,
                     struct rp_str text)
{
    uint32_t len = 0, count = 0;
    const uint8_t *cell = rp_lead_cell(lead, key, &len);
    struct rp_str folded = rp_text_fold(arena, text);
    struct rp_buf out = {0};
    uint8_t *grown;
    bool found = false;

    for (size_t at = 0; at < len; count++) {
        struct keyed head;
        struct rp_str name;
        const uint8_t *payload;

        memcpy(&head, cell + at, sizeof(head));
        name = (struct rp_str){(const char *)cell + at + sizeof(head), head.text_len};
        payload = cell + at + sizeof(head) + pad8(head.text_len);
        at += sizeof(head) + pad8(head.text_len) + head.len;
        if (found || !rp_str_eq(rp_text_fold(arena, name), folded)) {
            keyed_put(&out, name, payload, head.len);
            continue;
        }
        found = true;
        grown = rp_arena_zalloc(arena, payload_max(decay, head.len) + head.len);
        memcpy(grown, payload, head.len);
        keyed_put(&out, name, grown, payload_grant(decay, grown, head.len, t_ms, granted));
    }
    if (!found && count < RP_BY_KEYS_MAX) {
        uint8_t fresh[sizeof(struct fading)] = {0};

        keyed_put(&out, text, fresh, payload_grant(decay, fresh, 0, t_ms, granted));
        found = true;
    }
    if (found)
        memcpy(rp_lead_cell_resize(lead, key, (uint32_t)out.len), out.ptr, out.len);
    rp_buf_fini(&out);
    return found;
}

bool rp_sum_by_part(const struct rp_lead *lead, uint32_t key, const struct rp_decay *decay,
                    uint32_t *at, struct rp_str *ret_text, struct rp_sum_part *ret_part)
{
    uint32_t len = 0;
    const uint8_t *cell = rp_lead_cell(lead, key, &len);
    struct keyed head;

    if (!cell || *at >= len)
        return false;
    memcpy(&head, cell + *at, sizeof(head));
    *ret_text = (struct rp_str){(const char *)cell + *at + sizeof(head), head.text_len};
    *ret_part =
        (struct rp_sum_part){decay, cell + *at + sizeof(head) + pad8(head.text_len), head.len};
    *at += (uint32_t)(sizeof(head) + pad8(head.text_len) + head.len);
    return true;
}

bool rp_sum_by_next(const struct rp_lead *lead, uint32_t key, const struct rp_decay *decay,
                    int64_t t_ms, uint32_t *at, struct rp_str *ret_text, double *ret_value)
{
    struct rp_sum_part part;

    if (!rp_sum_by_part(lead, key, decay, at, ret_text, &part))
        return false;
    *ret_value = rp_sum_part_value(&part, t_ms, t_ms);
    return true;
}
