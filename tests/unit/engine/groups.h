/* SPDX-License-Identifier: MIT */
/* The groups of the engine's unit tests; each returns the number of failed tests. */
#ifndef RP_UNIT_ENGINE_GROUPS_H
#define RP_UNIT_ENGINE_GROUPS_H

int rp_test_load(void); /* test_load*.c */
int rp_test_help(void);
int rp_test_eval(void); /* test_eval*.c */
int rp_test_eval_index(void);
int rp_test_eval_counter(void);
int rp_test_eval_words(void);
int rp_test_timers(void);
int rp_test_promote(void);

#endif
