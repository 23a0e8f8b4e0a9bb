/* SPDX-License-Identifier: MIT */
/* Repeatable random numbers (splitmix64). */
#ifndef RP_TESTS_SIM_RANDOM_H
#define RP_TESTS_SIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

static inline int random_below(uint64_t *state, int limit)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (int)((z ^ z >> 31) % (uint64_t)limit);
}

#endif
