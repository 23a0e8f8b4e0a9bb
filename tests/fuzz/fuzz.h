/* SPDX-License-Identifier: MIT */
/* What every fuzz target defines: it must neither crash nor abort, whatever the bytes are. */
#ifndef RP_TESTS_FUZZ_FUZZ_H
#define RP_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#endif
