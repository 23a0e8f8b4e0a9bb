/* SPDX-License-Identifier: MIT */
/* The groups that rp_test_load runs. */
#ifndef RP_UNIT_ENGINE_LOAD_GROUPS_H
#define RP_UNIT_ENGINE_LOAD_GROUPS_H

int rp_test_load_match(void);
int rp_test_load_vm(void);
int rp_test_load_config(void);
int rp_test_load_bounds(void);
int rp_test_slip(void);
int rp_test_findings(void);
int rp_test_diff(void);
int rp_test_reads(void);

#endif
