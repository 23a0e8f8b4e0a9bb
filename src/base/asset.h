/* SPDX-License-Identifier: MIT */
/* Files compiled into the program. */
#ifndef RP_BASE_ASSET_H
#define RP_BASE_ASSET_H

#include <stddef.h>

struct rp_asset {
    const char *name;           /* file name; NULL ends a table */
    const unsigned char *bytes; /* NUL behind size */
    size_t size;
};

extern const struct rp_asset rp_migrations[]; /* in order of their names */
extern const struct rp_asset rp_starter[];    /* what `ripen init` writes */

#endif
