/* SPDX-License-Identifier: MIT */
/* From files to rules: snapshot of the directory, sandboxed run of each file, checks, compilation.
 */
#ifndef RP_ENGINE_LOAD_H
#define RP_ENGINE_LOAD_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "engine/ruleset.h"

#include <stdbool.h>

enum rp_severity { RP_SEVERITY_ERROR, RP_SEVERITY_WARNING };

/* One finding of a load. Texts live in the arena handed to rp_load. */
struct rp_finding {
    struct rp_str code; /* "E012", "W101": stable */
    enum rp_severity severity;
    struct rp_str file;          /* relative path */
    int line, column;            /* 0: unknown */
    struct rp_str message, hint; /* one sentence each; hint may be "" */
    struct rp_str source;        /* the source line, "" when unknown */
    int width;                   /* characters under the caret */
};

struct rp_findings {
    struct rp_finding *items;
    size_t count, cap;
    size_t more; /* findings beyond `max` errors and `max` warnings */
    size_t max;  /* 0: RP_FINDINGS_MAX */
    size_t errors, warnings;
    size_t columns;       /* of the terminal that shows them; 0: none */
    struct rp_str folder; /* where the files stand, for texts that a terminal opens; "": nowhere */
};

/* The bytes of a rules directory, sorted by path: *.lua, weights.lua, lists, templates. */
struct rp_files {
    struct rp_source *items;
    size_t count;
};

/* Reads a directory whole, twice until two readings agree. EIO, ELIMIT with the path;
 * EINPUT when it holds no rule file. */
int rp_files_read(struct rp_arena *arena, const char *dir, struct rp_files *ret_files,
                  struct rp_err *err);
/* One text with all files, for the generations table, and back. */
struct rp_str rp_files_pack(struct rp_arena *arena, const struct rp_files *files);
int rp_files_unpack(struct rp_arena *arena, struct rp_str packed, struct rp_files *ret_files,
                    struct rp_err *err);

struct rp_declarations; /* engine/tree.h */

struct rp_load_endpoint {
    struct rp_str name;
    bool crm; /* has a preset: takes crm {…}, and nothing else */
};

/* What a load may know of its surroundings. */
struct rp_load_options {
    const struct rp_load_endpoint *endpoints; /* of the configuration (rp_config_endpoints); NULL:
                                                 unknown, only warned of */
    size_t endpoint_count;
    bool no_smtp, no_url; /* the configuration has no mail server; no address of this one */
    bool strict;          /* warnings count as errors in the returned status */
    bool tests;           /* the authors' tests too, those in tests/ included:
                             check, test and reload; a server does without */
    size_t findings_max;  /* of errors and of warnings; 0: RP_FINDINGS_MAX */
    bool skips_reads; /* what test functions read shows when they run: for tests of the sandbox */
    struct rp_declarations *declarations; /* keeps the trees there; free with
                                             rp_declarations_fini, also after errors */
    /* Rules that are out of action in this generation because their tests kept failing: loaded,
     * checked, never run. Names that no rule has are nothing. Part of rules->hash. */
    const struct rp_str *disabled;
    size_t disabled_count;
    /* Facts of a lead ("first_touch.source", "country") that its cells keep although no rule names
     * them: for reports. No part of rules->hash; an unknown touch is an error. */
    const struct rp_str *keeps;
    size_t keep_count;
};

/* Loads, checks and compiles. 0 and *ret_rules (free with rp_rules_free) when there is no error;
 * ERULE with all findings otherwise (warnings may accompany success). `arena` owns the findings. */
int rp_load(struct rp_arena *arena, const struct rp_files *files,
            const struct rp_load_options *options, struct rp_rules **ret_rules,
            struct rp_findings *findings, struct rp_err *err);

/* Findings as people read them (source line, caret, hint; colours when asked) and as JSON
 * {"ok":…,"findings":[…]}. */
void rp_findings_print(struct rp_buf *out, const struct rp_findings *findings, bool colour);
void rp_findings_json(struct rp_buf *out, const struct rp_findings *findings);
/* The same as members of an object that is open in jw. */
struct rp_jw;
void rp_findings_members(struct rp_jw *jw, const struct rp_findings *findings);

/* `check --plan`: how each event kind is dispatched; as a table, and as the member "plan" of an
 * object that is open in jw. */
void rp_rules_plan(struct rp_buf *out, const struct rp_rules *rules);
void rp_rules_plan_json(struct rp_jw *jw, const struct rp_rules *rules);

#endif
