/* SPDX-License-Identifier: MIT */
/* The gates in their order (candidate.h). Runs on a worker with Lua states, store connections and
 * memory of its own; reads the description of what is in force and changes nothing but the
 * candidate. Whatever goes wrong becomes a result with a sentence. */
#include "daemon/candidate.h"

#include "base/limits.h"
#include "base/mem.h"
#include "core/trial.h"
#include "engine/files.h"
#include "store/generations.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    READINGS_MAX = 5,
    REST_MS = 100,   /* between two readings that differ */
    TESTS_MS = 5000, /* for the authors' tests */
    EFFECT_LEADS = 2000,
    EFFECT_MS = 250,
    EFFECT_FORCED_MS = 50, /* it will act anyway: only to say what it does */
};

static void end(struct rp_candidate *c, enum rp_candidate_result result, struct rp_str reason)
{
    c->result = result;
    c->reason = reason;
}

static void fail(struct rp_candidate *c, int status, const struct rp_err *err)
{
    c->status = status;
    end(c, RP_CANDIDATE_FAILED, rp_arena_str(&c->arena, rp_str_from(err->text)));
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* True when the files were at rest around the reading. */
static bool read_disk(struct rp_candidate *c)
{
    struct rp_sight before;
    struct rp_err err = {0};
    int status = 0;

    for (int i = 0; i < READINGS_MAX; i++) {
        rp_sight_take(&c->arena, c->rules_dir, c->config_path, true, &before);
        if (!before.written || c->impatient) {
            status = rp_files_read(&c->arena, c->rules_dir, &c->files, &err);
            rp_sight_take(&c->arena, c->rules_dir, c->config_path, true, &c->sight);
            if (strcmp(before.hash, c->sight.hash) == 0 && (!c->sight.written || c->impatient)) {
                break;
            }
        } else {
            c->sight = before;
        }
        if (i + 1 == READINGS_MAX) {
            c->files.count = 0;
            end(c, RP_CANDIDATE_UNSETTLED, RP_STR("the files are being written"));
            return false;
        }
        (void)usleep(REST_MS * 1000);
    }
    if (status == 0) {
        return true;
    }
    c->files.count = 0;
    c->status = status;
    end(c, status == RIPEN_EIO ? RP_CANDIDATE_FAILED : RP_CANDIDATE_REFUSED,
        rp_arena_str(&c->arena, rp_str_from(err.text)));
    return false;
}

static void find_author(struct rp_candidate *c)
{
    struct passwd entry;
    struct passwd *found = NULL;
    char text[4096];

    c->said_author = c->author;
    if (c->author.len > 0 || c->stored) {
        return;
    }
    if (getpwuid_r((uid_t)c->sight.owner, &entry, text, sizeof(text), &found) == 0 && found) {
        c->said_author = rp_arena_str(&c->arena, rp_str_from(entry.pw_name));
    } else {
        c->said_author = rp_arena_printf(&c->arena, "uid %u", c->sight.owner);
    }
}

/* ---- Configuration --------------------------------------------------------------------------- */

static bool same_text(struct rp_str a, struct rp_str b)
{
    return rp_str_eq(a, b);
}

static bool same_crm(const struct rp_endpoint_crm *a, const struct rp_endpoint_crm *b)
{
    return a->preset == b->preset && same_text(a->token, b->token) &&
           same_text(a->client_id, b->client_id) && same_text(a->client_secret, b->client_secret) &&
           same_text(a->version, b->version) && same_text(a->header, b->header) &&
           same_text(a->method, b->method) && same_text(a->path, b->path) && a->read == b->read &&
           a->rate == b->rate;
}

static bool same_endpoints(const struct rp_config *a, const struct rp_config *b)
{
    if (a->endpoint_count != b->endpoint_count) {
        return false;
    }
    for (size_t i = 0; i < a->endpoint_count; i++) {
        const struct rp_endpoint *x = &a->endpoints[i];
        const struct rp_endpoint *y = &b->endpoints[i];

        if (!same_text(x->name, y->name) || !same_text(x->url, y->url) ||
            !same_text(x->secret, y->secret) || x->timeout_ms != y->timeout_ms ||
            x->parallel != y->parallel || x->allow_private != y->allow_private ||
            !same_crm(&x->crm, &y->crm)) {
            return false;
        }
    }
    return true;
}

static struct rp_str needs_restart(struct rp_arena *arena, const struct rp_config *a,
                                   const struct rp_config *b)
{
    const struct {
        const char *name;
        bool same;
    } settings[] = {
        {"server.listen", same_text(a->listen, b->listen)},
        {"server.db", same_text(a->db, b->db)},
        {"server.rules", same_text(a->rules, b->rules)},
        {"server.body_bytes_max", a->body_bytes_max == b->body_bytes_max},
        {"server.queue_events_max", a->queue_events_max == b->queue_events_max},
    };
    struct rp_str text = RP_STR("");

    for (size_t i = 0; i < RP_COUNT(settings); i++) {
        if (!settings[i].same) {
            text = rp_arena_printf(arena, "%.*s%s%s", RP_STR_ARG(text), text.len > 0 ? ", " : "",
                                   settings[i].name);
        }
    }
    return text;
}

static bool read_config(struct rp_candidate *c)
{
    struct rp_config *config = RP_ARENA_NEW(&c->arena, struct rp_config);
    struct rp_findings findings = {0};
    struct rp_err err = {0};
    struct rp_buf out = {0};
    int status = rp_config_load(&c->arena, c->config_path, config, &findings, &err);

    if (status != 0) {
        rp_findings_json(&out, &findings);
        c->findings = rp_arena_str(&c->arena, rp_buf_view(&out));
        rp_buf_reset(&out);
        rp_findings_print(&out, &findings, false);
        c->told = rp_arena_str(&c->arena, rp_buf_view(&out));
        rp_buf_fini(&out);
        end(c, RP_CANDIDATE_REFUSED,
            rp_arena_printf(&c->arena, "the configuration is not valid: %s", err.text));
        return false;
    }
    if (!same_endpoints(config, c->active->config) ||
        !rp_doors_same(&config->doors, &c->active->config->doors) ||
        config->retention_ms != c->active->config->retention_ms ||
        !rp_smtp_same(&config->smtp, &c->active->config->smtp) ||
        !same_text(config->url, c->active->config->url)) {
        c->config = config;
    }
    c->restart = needs_restart(&c->arena, config, c->active->config);
    return true;
}

/* ---- Loading --------------------------------------------------------------------------------- */

int rp_candidate_load(struct rp_arena *arena, const struct rp_files *files,
                      const struct rp_config *config, struct rp_str disabled,
                      struct rp_rules **ret_rules, struct rp_findings *findings, struct rp_err *err)
{
    struct rp_load_options options = {0};

    if (config) {
        rp_config_endpoints(arena, config, &options);
    }
    options.disabled = rp_generation_disabled(arena, disabled, &options.disabled_count);
    return rp_load(arena, files, &options, ret_rules, findings, err);
}

size_t rp_candidate_rules(const struct rp_rules *rules)
{
    return (size_t)rules->score_count + rules->fit_count;
}

static void keep_findings(struct rp_candidate *c, const struct rp_findings *findings)
{
    struct rp_buf out = {0};

    rp_findings_json(&out, findings);
    c->findings = rp_arena_str(&c->arena, rp_buf_view(&out));
    rp_buf_reset(&out);
    rp_findings_print(&out, findings, false);
    c->told = rp_arena_str(&c->arena, rp_buf_view(&out));
    rp_buf_fini(&out);
}

static struct rp_rules *load(struct rp_candidate *c)
{
    struct rp_findings findings = {0};
    struct rp_rules *rules = NULL;
    struct rp_err err = {0};
    int status = rp_candidate_load(&c->arena, &c->files, c->config ? c->config : c->active->config,
                                   c->disabled, &rules, &findings, &err);

    if (findings.count > 0) {
        keep_findings(c, &findings);
    }
    if (status == 0) {
        c->rules = rp_candidate_rules(rules);
        memcpy(c->hash, rules->hash, sizeof(c->hash));
        return rules;
    }
    end(c, RP_CANDIDATE_REFUSED,
        findings.errors > 0
            ? rp_arena_printf(&c->arena, "%zu error%s in the rules; the first: %s:%d: %s",
                              findings.errors + findings.more,
                              findings.errors + findings.more == 1 ? "" : "s",
                              err.file[0] ? err.file : "rules", err.line, err.text)
            : rp_arena_str(&c->arena, rp_str_from(err.text)));
    return NULL;
}

/* ---- The authors' tests ---------------------------------------------------------------------- */

static bool has_tests(const struct rp_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        struct rp_str text = files->items[i].text;

        if (rp_str_starts(files->items[i].path, RP_STR("tests/")) ||
            (text.len > 0 && (memmem(text.ptr, text.len, "test \"", 6) != NULL ||
                              memmem(text.ptr, text.len, "test(", 5) != NULL))) {
            return true;
        }
    }
    return false;
}

static struct rp_str failed_tests(struct rp_candidate *c, const struct rp_trial_result *result)
{
    for (size_t i = 0; i < result->test_count; i++) {
        const struct rp_trial_test *test = &result->tests[i];

        if (!test->ok && test->failure_count > 0) {
            const struct rp_trial_failure *failure = &test->failures[0];

            return rp_arena_printf(
                &c->arena,
                "%zu of %zu tests fail; the first, %.*s:%d \"%.*s\": %.*s is %.*s, not %.*s",
                result->failed, result->test_count, RP_STR_ARG(test->file), failure->line,
                RP_STR_ARG(test->name), RP_STR_ARG(failure->what), RP_STR_ARG(failure->actual),
                RP_STR_ARG(failure->expected));
        }
    }
    return rp_arena_printf(&c->arena, "%zu of %zu tests fail", result->failed, result->test_count);
}

/* Rules with their tests are a load of their own, since they may number things in another way. */
static bool run_tests(struct rp_candidate *c)
{
    struct rp_load_options options = {.tests = true};
    struct rp_trial_options trial = {.deadline_us = rp_mono_us() + TESTS_MS * 1000};
    struct rp_findings findings = {0};
    struct rp_trial_result result;
    struct rp_rules *rules = NULL;
    struct rp_buf out = {0};
    struct rp_err err = {0};
    int status;

    if (!has_tests(&c->files) || c->disable.len > 0) { /* they passed, or were overruled */
        return true;
    }
    status = rp_load(&c->arena, &c->files, &options, &rules, &findings, &err);
    if (status != 0) {
        keep_findings(c, &findings);
        end(c, RP_CANDIDATE_REFUSED,
            rp_arena_printf(&c->arena, "the tests have errors; the first: %s:%d: %s", err.file,
                            err.line, err.text));
        return false;
    }
    status = rp_trial_run(rules, &trial, &result, &err);
    if (status == 0) {
        c->tests_passed = result.passed;
        c->tests_failed = result.failed;
    }
    if (status == 0 && result.failed > 0 && !c->force) {
        rp_trial_print(&out, &result, RP_TRIAL_TEXT, false, false);
        c->told = rp_arena_str(&c->arena, rp_buf_view(&out));
        rp_buf_fini(&out);
        end(c, RP_CANDIDATE_HELD, failed_tests(c, &result));
    } else if (status == RIPEN_EBUDGET && !c->force) {
        end(c, RP_CANDIDATE_HELD,
            rp_arena_printf(&c->arena, "the tests did not end within %d seconds", TESTS_MS / 1000));
    } else if (status != 0 && status != RIPEN_ENOTFOUND && status != RIPEN_EBUDGET) {
        fail(c, status, &err);
    }
    rp_trial_result_fini(&result);
    rp_rules_free(rules);
    return c->reason.len == 0;
}

/* ---- Guards ---------------------------------------------------------------------------------- */

static bool passes_shrink_guard(struct rp_candidate *c)
{
    size_t before = c->active->rules;
    size_t percent = (size_t)c->guards.shrink_percent;

    if (c->force || percent == 0 || c->rules >= before ||
        (before - c->rules) * 100 <= before * percent) {
        return true;
    }
    end(c, RP_CANDIDATE_HELD,
        rp_arena_printf(&c->arena,
                        "%zu of %zu rules would go away, more than %zu %%; was a file lost or cut?",
                        before - c->rules, before, percent));
    return false;
}

/* What the stored events say of the rules; measured along with the effect. */
static bool passes_replay_guard(struct rp_candidate *c, const struct rp_effect *effect)
{
    if (c->force || c->guards.replay_percent == 0) {
        return true;
    }
    if (effect->failed > 0) {
        end(c, RP_CANDIDATE_HELD,
            rp_arena_printf(&c->arena, "rules fail %zu times on the stored events of %zu leads",
                            effect->failed, effect->seen));
        return false;
    }
    if (effect->rescored * 100 > effect->seen * (size_t)c->guards.replay_percent) {
        end(c, RP_CANDIDATE_HELD,
            rp_arena_printf(&c->arena,
                            "%zu of %zu leads looked at would get another score, more than %d %%",
                            effect->rescored, effect->seen, c->guards.replay_percent));
        return false;
    }
    return true;
}

static bool passes_effect_guard(struct rp_candidate *c, const struct rp_rules *rules)
{
    struct rp_effect_options options = {
        .db_path = c->db_path,
        .now_ms = c->now_ms,
        .leads_max = EFFECT_LEADS,
        .budget_us = 1000 * (c->force ? EFFECT_FORCED_MS : EFFECT_MS),
        .replay = c->guards.replay_percent > 0,
    };
    struct rp_effect effect;
    struct rp_buf out = {0};
    struct rp_err err = {0};
    int status = rp_effect_measure(&c->arena, rules, &options, &effect, &err);

    if (status != 0) {
        fail(c, status, &err);
        return false;
    }
    rp_effect_say(&effect, &out);
    c->effect = rp_arena_str(&c->arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    if (c->force || c->guards.effect_percent == 0 || effect.moved < RP_EFFECT_LEADS_MIN ||
        effect.moved * 100 <= effect.seen * (size_t)c->guards.effect_percent) {
        return passes_replay_guard(c, &effect);
    }
    end(c, RP_CANDIDATE_HELD,
        rp_arena_printf(&c->arena, "%.*s, more than %d %%", RP_STR_ARG(c->effect),
                        c->guards.effect_percent));
    return false;
}

/* ---- From the store -------------------------------------------------------------------------- */

static bool read_store(struct rp_candidate *c)
{
    struct rp_store *store = NULL;
    struct rp_generation_row row;
    struct rp_err err = {0};
    uint32_t number = c->generation;
    int status = rp_store_open(c->db_path, RP_STORE_READ, &store, &err);

    if (status == 0 && number == 0) {
        status = rp_generation_before(store, &number, &err);
    }
    if (status == 0) {
        status = rp_generation_get(&c->arena, store, number, &row, &err);
    }
    if (status == 0 && row.sources.len == 0) {
        status = rp_err_set(&err, RIPEN_ENOTFOUND,
                            "the sources of generation %u were not kept: it is too old", number);
    }
    if (status == 0) {
        status = rp_files_unpack(&c->arena, row.sources, &c->files, &err);
    }
    rp_store_close(store);
    if (status != 0) {
        fail(c, status, &err);
        return false;
    }
    c->generation = number;
    c->disabled = row.disabled;
    if (c->disable.len > 0) { /* another generation of the same sources: the load says its hash */
        c->disabled = rp_arena_printf(&c->arena, "%.*s\n%.*s", RP_STR_ARG(row.disabled),
                                      RP_STR_ARG(c->disable));
        return true;
    }
    snprintf(c->hash, sizeof(c->hash), "%.*s", RP_STR_ARG(row.hash));
    return true;
}

/* ---- The course ------------------------------------------------------------------------------ */

/* Nothing to do when the files are those in force, or as they were when last looked at: then
 * something else was put in force by hand, and stays. */
static bool is_known(const struct rp_candidate *c)
{
    return strcmp(c->hash, c->active->hash) == 0 ||
           (!c->stored && !c->explicit_ask && strcmp(c->hash, c->active->disk_hash) == 0);
}

static void make_ready(struct rp_candidate *c, struct rp_rules *rules)
{
    struct rp_ready_notes notes = {.author = c->said_author,
                                   .effect = c->effect,
                                   .disabled = c->disabled,
                                   .reason = c->disable_reason,
                                   .stored = c->stored};
    struct rp_err err = {0};
    int status = rp_ready_new(rules, &c->files, &notes, &c->ready, &err);

    if (status != 0) {
        fail(c, status, &err);
    } else {
        c->result = RP_CANDIDATE_READY;
    }
}

void rp_candidate_build(struct rp_candidate *c)
{
    struct rp_rules *rules = NULL;

    rp_arena_init(&c->arena);
    if (c->stored ? !read_store(c) : !read_disk(c)) {
        return;
    }
    find_author(c);
    if (!c->stored) {
        rp_files_hash(&c->files, c->hash);
        if (!read_config(c)) {
            return;
        }
    }
    if (is_known(c) && !c->config) {
        c->result = RP_CANDIDATE_UNCHANGED;
        return;
    }
    rules = load(c);
    if (!rules || !run_tests(c) || is_known(c)) {
        c->result = c->reason.len > 0 ? c->result : RP_CANDIDATE_UNCHANGED;
        rp_rules_free(rules);
        return;
    }
    if (!passes_shrink_guard(c) || !passes_effect_guard(c, rules)) {
        rp_rules_free(rules);
        return;
    }
    make_ready(c, rules);
}

void rp_candidate_fini(struct rp_candidate *c)
{
    rp_ready_free(c->ready);
    c->ready = NULL;
    rp_arena_fini(&c->arena);
}
