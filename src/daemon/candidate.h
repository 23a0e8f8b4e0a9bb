/* SPDX-License-Identifier: MIT */
/* A rule set on its way into force: read, checked, tried by its authors' tests, held against the
 * guards, made ready. Everything of it happens on a worker; nothing of the running server is
 * touched. The gates, and what they say when they are shut:
 *
 *   1 files at rest     unsettled
 *   2 configuration     refused
 *   3 load and checks   refused
 *   4 authors' tests    held
 *   5 shrink guard      held
 *   6 effect guard      held
 *   7 replay guard      held
 *   8 virtual machine   ready */
#ifndef RP_DAEMON_CANDIDATE_H
#define RP_DAEMON_CANDIDATE_H

#include "core/effect.h"
#include "core/rules.h"
#include "daemon/sight.h"
#include "engine/config.h"

/* What the running server has, as a candidate needs to know it. Never changed while one is built.
 */
struct rp_in_force {
    uint32_t number;
    char hash[65];
    char disk_hash[65]; /* of the files when they were last looked at; "" : not yet */
    size_t rules;       /* score and fit rules */
    const struct rp_config *config;
};

struct rp_guards {
    int shrink_percent; /* hold when more of the rules go away; 0: off */
    int effect_percent; /* hold when more of the leads would move; 0: off */
    int replay_percent; /* hold when history gives more of the leads another score, or a rule fails
                           on it; 0: off */
};

enum rp_candidate_result {
    RP_CANDIDATE_UNCHANGED, /* nothing to put in force; the configuration may have changed */
    RP_CANDIDATE_READY,
    RP_CANDIDATE_HELD,
    RP_CANDIDATE_REFUSED,
    RP_CANDIDATE_UNSETTLED, /* the files changed while they were read: try again */
    RP_CANDIDATE_FAILED,    /* the disk or the store: nothing is known of the rules */
};

struct rp_candidate {
    /* What is asked. */
    const char *db_path, *rules_dir, *config_path;
    const struct rp_in_force *active;
    struct rp_guards guards;
    int64_t now_ms;
    bool stored;           /* from the store: */
    uint32_t generation;   /*   this one; 0: the one before */
    bool force;            /* the guards do not hold it */
    bool explicit_ask;     /* a person asks: also when the disk is as it was when last looked at */
    bool impatient;        /* waited long enough for files that somebody keeps open */
    struct rp_str disable; /* stored: and without these rules, a line each */
    struct rp_str disable_reason; /* why */
    struct rp_str author;

    /* What came of it. */
    enum rp_candidate_result result;
    struct rp_arena arena; /* owns what follows */
    struct rp_sight sight;
    struct rp_files files; /* count 0: none were read */
    char hash[65];
    struct rp_ready *ready;    /* READY; whoever takes it sets NULL */
    struct rp_config *config;  /* NULL: as before */
    struct rp_str restart;     /* settings that only a restart would change, in words; "" */
    struct rp_str disabled;    /* rules out of action, a line each */
    struct rp_str findings;    /* JSON of `check` */
    struct rp_str told;        /* the same for people */
    struct rp_str reason;      /* a sentence: why held, refused, failed */
    struct rp_str effect;      /* a sentence: what it would do */
    struct rp_str said_author; /* who changed it */
    size_t rules, tests_passed, tests_failed;
    int status; /* FAILED: RIPEN_E… */
};

/* Builds it; takes as long as it takes. */
void rp_candidate_build(struct rp_candidate *candidate);
void rp_candidate_fini(struct rp_candidate *candidate);

/* The number of rules that the shrink guard counts. */
size_t rp_candidate_rules(const struct rp_rules *rules);
/* Loads as the server does; disabled: names of rules, a line each. Texts live in the arena. */
int rp_candidate_load(struct rp_arena *arena, const struct rp_files *files,
                      const struct rp_config *config, struct rp_str disabled,
                      struct rp_rules **ret_rules, struct rp_findings *findings,
                      struct rp_err *err);

#endif
