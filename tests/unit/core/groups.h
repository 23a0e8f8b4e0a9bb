/* SPDX-License-Identifier: MIT */
/* The groups of tests of core/, each in a file of its own; main.c runs them. */
#ifndef RP_TESTS_CORE_GROUPS_H
#define RP_TESTS_CORE_GROUPS_H

int test_copies(void);
int test_people(void);
int test_handoff(void);
int test_gate(void);
int test_hits(void);
int test_random(void);
int test_late(void);
int test_sweep(void);
int test_swap(void);
int test_stages(void);
int test_timers(void);
int test_sequences(void);
int test_counts(void);
int test_models(void);
int test_trial(void);
int test_cache(void);
int test_retention(void);
int test_reasons(void);
int test_reports(void);
int test_learn(void);
int test_replay(void);
int test_experiment(void);
int test_splits(void);
int test_report_experiment(void);
int test_report_numbers(void);

#endif
