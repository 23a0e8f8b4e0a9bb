/* SPDX-License-Identifier: MIT */
/* The choice of rules at the start. A server that does not run for want of a comma loses events;
 * one that runs rules which somebody took back an hour ago does harm: so what the store knows to
 * have been in force goes on until the files change. */
#include "daemon/start.h"

#include "base/log.h"
#include "base/mem.h"
#include "core/effect.h"
#include "engine/files.h"
#include "store/generations.h"

#include <pwd.h>
#include <stdlib.h>

enum { EFFECT_LEADS = 2000, EFFECT_MS = 250 };

struct starting {
    struct rp_arena arena;
    const struct rp_start *start;
    struct rp_core *core;
    struct rp_store *store;
    struct rp_generation_row active; /* number 0: none was ever in force */
    uint32_t on_disk;                /* the number of the files' generation; 0: they are new */
    char disk_hash[65];
};

static struct rp_str owner_of_files(struct starting *s)
{
    struct rp_sight sight;
    struct passwd entry;
    struct passwd *found = NULL;
    char text[4096];

    rp_sight_take(&s->arena, s->start->rules_dir, NULL, false, &sight);
    if (getpwuid_r((uid_t)sight.owner, &entry, text, sizeof(text), &found) == 0 && found) {
        return rp_arena_str(&s->arena, rp_str_from(entry.pw_name));
    }
    return rp_arena_printf(&s->arena, "uid %u", sight.owner);
}

/* What it would do, said before it is done. */
static struct rp_str effect_of(struct starting *s, const struct rp_rules *rules)
{
    struct rp_effect_options options = {.db_path = s->start->db_path,
                                        .now_ms = rp_clock_now(&s->start->clock),
                                        .leads_max = EFFECT_LEADS,
                                        .budget_us = EFFECT_MS * 1000};
    struct rp_buf out = {0};
    struct rp_effect effect;
    struct rp_str text;

    if (s->active.number == 0 || strcmp(rules->hash, s->active.hash.ptr) == 0 ||
        rp_effect_measure(&s->arena, rules, &options, &effect, NULL) != 0) {
        return RP_STR("");
    }
    rp_effect_say(&effect, &out);
    text = rp_arena_str(&s->arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    rp_log(RP_LOG_INFO, "rules", "about_to=activate effect=\"%.*s\"", RP_STR_ARG(text));
    return text;
}

static int begin(struct starting *s, struct rp_rules *rules, const struct rp_files *files,
                 struct rp_ready_notes *notes, struct rp_err *err)
{
    struct rp_ready *ready = NULL;
    int status;

    notes->effect = effect_of(s, rules);
    status = rp_ready_new(rules, files, notes, &ready, err);
    if (status == 0) {
        status = rp_core_begin(s->core, &ready, err);
    }
    rp_ready_free(ready);
    return status;
}

static int begin_disk(struct starting *s, struct rp_err *err)
{
    struct rp_ready_notes notes = {.author = owner_of_files(s), .disabled = RP_STR("")};
    int status = begin(s, s->start->rules, s->start->files, &notes, err);

    if (status == 0 && s->active.number != 0 && s->on_disk != s->active.number) {
        rp_log(
            RP_LOG_WARN, "rules",
            "problem=\"the rules in %s were changed while no server ran, so their tests and the "
            "guards were not asked: `ripen test %s` asks the tests, `ripen rules diff %u active` "
            "tells what changed\"",
            s->start->rules_dir, s->start->rules_dir, s->active.number);
    }
    return status;
}

static int begin_stored(struct starting *s, struct rp_err *err)
{
    struct rp_ready_notes notes = {
        .author = s->active.author, .disabled = s->active.disabled, .stored = true};
    struct rp_findings findings = {0};
    struct rp_rules *rules = NULL;
    struct rp_files files;
    int status = rp_files_unpack(&s->arena, s->active.sources, &files, err);

    if (status == 0) {
        status = rp_candidate_load(&s->arena, &files, s->start->config, s->active.disabled, &rules,
                                   &findings, err);
    }
    return status == 0 ? begin(s, rules, &files, &notes, err) : status;
}

/* So that `ripen rules list` shows what is wrong, and the next start knows the files again. */
static int keep_refused(struct starting *s, struct rp_err *err)
{
    struct rp_generation_new row = {
        .hash = rp_str_from(s->disk_hash),
        .sources = rp_files_pack(&s->arena, s->start->files),
        .author = owner_of_files(s),
        .reason = RP_STR("the rules have errors"),
        .findings = s->start->findings,
        .effect = RP_STR(""),
        .disabled = RP_STR(""),
    };
    int status = rp_store_begin(s->store, err);

    if (status != 0) {
        return status;
    }
    status = rp_generation_keep(s->store, &row, RP_RESULT_REFUSED, rp_clock_now(&s->start->clock),
                                &s->on_disk, err);
    if (status == 0) {
        status = rp_store_meta_set(s->store, RP_META_DISK_GENERATION, s->on_disk, err);
    }
    if (status == 0) {
        status = rp_store_commit(s->store, err);
    }
    if (status != 0) {
        rp_store_rollback(s->store);
    }
    return status;
}

static int look_at_store(struct starting *s, struct rp_err *err)
{
    int status = rp_generation_get(&s->arena, s->store, 0, &s->active, err);

    if (status == RIPEN_ENOTFOUND) {
        s->active = (struct rp_generation_row){.hash = RP_STR("")};
        status = 0;
    }
    return status == 0 ? rp_generation_find(s->store, rp_str_from(s->disk_hash), &s->on_disk, err)
                       : status;
}

static int choose(struct starting *s, struct rp_err *err)
{
    const struct rp_start *start = s->start;
    bool seen = s->on_disk != 0 && s->on_disk != s->active.number && s->active.sources.len > 0 &&
                rp_store_meta(s->store, RP_META_DISK_GENERATION, 0) == s->on_disk;
    int status;

    if (start->rules && !seen) {
        return begin_disk(s, err);
    }
    if (s->active.sources.len == 0) {
        return rp_err_set(err, RIPEN_ERULE,
                          "the rules in %s are not valid, and no others were ever in force",
                          start->rules_dir);
    }
    if (!start->rules) {
        status = keep_refused(s, err);
        if (status != 0) {
            return status;
        }
    }
    rp_rules_free(start->rules);
    status = begin_stored(s, err);
    if (status == 0 && start->rules) {
        rp_log(RP_LOG_WARN, "rules",
               "in_force=%u problem=\"the files in %s are generation %u, which is not in force, "
               "and have not changed since: generation %u goes on; `ripen rules list` says why; "
               "correct "
               "the files, or `ripen rules activate %u` when it was held or left\"",
               s->active.number, start->rules_dir, s->on_disk, s->active.number, s->on_disk);
    } else if (status == 0) {
        rp_log(RP_LOG_ERROR, "rules",
               "in_force=%u problem=\"THE RULES IN %s HAVE ERRORS (above) AND ARE NOT USED: "
               "generation %u, the last one that was in force, goes on; correct the files and they "
               "are taken at once\"",
               s->active.number, start->rules_dir, s->active.number);
    }
    return status;
}

int rp_start_rules(struct rp_core *core, const struct rp_start *start,
                   struct rp_in_force *ret_active, struct rp_err *err)
{
    struct starting s = {.start = start, .core = core, .store = rp_core_store(core)};
    const struct rp_rules *rules;
    int status;

    rp_arena_init(&s.arena);
    rp_files_hash(start->files, s.disk_hash);
    status = look_at_store(&s, err);
    if (status != 0) {
        rp_rules_free(start->rules);
    } else {
        status = choose(&s, err);
    }
    if (status == 0) {
        rules = rp_core_active(core);
        *ret_active = (struct rp_in_force){
            .number = rules->number, .rules = rp_candidate_rules(rules), .config = start->config};
        memcpy(ret_active->hash, rules->hash, sizeof(ret_active->hash));
        memcpy(ret_active->disk_hash, s.disk_hash, sizeof(s.disk_hash));
    }
    rp_arena_fini(&s.arena);
    return status;
}
