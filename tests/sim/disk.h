/* SPDX-License-Identifier: MIT */
/* The disk of the simulation: SQLite's default file system with faults. It lies below the store's
 * own layer. What was written since the last sync of a file is remembered, so that a power cut can
 * take it away again: whole, in part, in any order, torn at sectors. One writer thread. */
#ifndef RP_TESTS_SIM_DISK_H
#define RP_TESTS_SIM_DISK_H

#include <stdbool.h>
#include <stdint.h>

struct disk_faults {
    long crash_in;  /* this many writes and syncs from now the process ends; 0: it does not */
    bool power_cut; /* … and with it the power */
    long full_in;   /* so many from now the disk is full … */
    long full_for;  /* … for so many that would have grown a file */
    long sync_in;   /* so many from now a sync fails */
    bool lying;     /* syncs do nothing: what a test of durability must notice */
};
extern struct disk_faults disk_faults;

enum { DISK_CRASHED = 70, DISK_CUT = 71 }; /* how the process exits */

/* Becomes SQLite's default; before the first database is opened. `random` decides what a cut
 * leaves. */
void disk_register(uint64_t *random);
bool disk_sync_failed(void); /* since registered: the file system promises nothing any more */
/* The power goes: the files are left as a disk may leave them. */
void disk_cut(void) __attribute__((noreturn));

#endif
