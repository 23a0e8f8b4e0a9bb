/* SPDX-License-Identifier: MIT */
/* FNV-1a and ranges as GrowthBook's SDKs compute them (packages/sdk-js/src/util.ts). Ids are
 * hashed as the bytes that they are: Ripen's are ASCII, where all of its SDKs agree. */
#include "model/assign_hash.h"

static uint32_t fnv1a32_on(uint32_t hash, struct rp_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        hash ^= (unsigned char)text.ptr[i];
        hash *= UINT32_C(0x01000193);
    }
    return hash;
}

uint32_t rp_fnv1a32(struct rp_str first, struct rp_str second)
{
    return fnv1a32_on(fnv1a32_on(UINT32_C(0x811c9dc5), first), second);
}

uint32_t rp_assign_bucket(struct rp_str seed, struct rp_str unit)
{
    uint32_t left = rp_fnv1a32(seed, unit);
    char digits[10];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    return rp_fnv1a32((struct rp_str){digits + at, sizeof(digits) - at}, RP_STR("")) %
           RP_ASSIGN_BUCKETS;
}

double rp_assign_hash_v1(struct rp_str seed, struct rp_str unit)
{
    return rp_fnv1a32(unit, seed) % 1000 / 1000.0;
}

void rp_assign_ranges(const double *weights, size_t count, double coverage,
                      struct rp_assign_range *ret_ranges)
{
    double sum = 0;
    double at = 0;

    coverage = coverage < 0 ? 0 : coverage > 1 ? 1 : coverage;
    for (size_t i = 0; weights && i < count; i++) {
        sum += weights[i];
    }
    if (sum < 0.99 || sum > 1.01) {
        weights = NULL;
    }
    for (size_t i = 0; i < count; i++) {
        double weight = weights ? weights[i] : 1.0 / (double)count;

        ret_ranges[i] = (struct rp_assign_range){at, at + coverage * weight};
        at += weight;
    }
}

int rp_assign_choose(double n, const struct rp_assign_range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (n >= ranges[i].lo && n < ranges[i].hi) {
            return (int)i;
        }
    }
    return RP_ASSIGN_NONE;
}

bool rp_assign_in_namespace(struct rp_str name, struct rp_str unit, double lo, double hi)
{
    uint32_t hash = fnv1a32_on(fnv1a32_on(rp_fnv1a32(unit, RP_STR("")), RP_STR("__")), name);
    double n = hash % 1000 / 1000.0;

    return n >= lo && n < hi;
}
