/* SPDX-License-Identifier: MIT */
/* ripen experiment promote NAME: the numbers of the arm that won become those of the control, in
 * weights.lua when they come from there, else in the control's model (engine/promote.h). Without
 * --act the change is shown; with it the file is written, once, so that it becomes one generation,
 * and the experiment ends as promoted. */
#include "base/json_write.h"
#include "cli/ask_server.h"
#include "cli/decide.h"
#include "cli/experiment.h"
#include "core/report.h"
#include "core/trial.h"
#include "engine/promote.h"
#include "engine/tree.h"
#include "store/requests.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TESTS_US INT64_C(10000000) /* that tests may take */

struct promoting {
    struct rp_experiment_wish wish;
    const char *rules, *config, *arm, *format_text;
    bool acts, force;
    struct rp_setup setup;
    struct rp_shown shown;
    struct rp_promotion promotion;
    struct rp_str chosen;
    size_t tests_failed;  /* of the authors' tests, with the change */
    struct rp_str first;  /* of them; "" */
    struct rp_buf beside; /* the new file, before it takes the place of the old one */
};

/* What the report says: the word, and whose. */
static int read_report(struct promoting *p, struct rp_str *ret_word, struct rp_err *err)
{
    struct rp_report_query query = {.name = rp_str_from(p->wish.name),
                                    .since_ms = RP_NEVER,
                                    .until_ms = RP_NEVER,
                                    .now_ms = rp_clock_system().now_ms(NULL)};
    struct rp_reader *reader = NULL;
    struct rp_buf out = {0};
    int status = rp_reader_open(rp_setup_db(&p->setup, p->wish.db), NULL, NULL, &reader, err);

    if (status == 0) {
        status = rp_report_experiment(reader, &query, RP_FORMAT_JSON, &out, err);
    }
    if (status == 0) {
        struct rp_str json = rp_arena_str(&p->setup.arena, rp_buf_view(&out));

        *ret_word = rp_answer_member(&p->setup.arena, json, "decision");
        p->chosen = rp_answer_member(&p->setup.arena, json, "best");
    }
    rp_reader_close(reader);
    rp_buf_fini(&out);
    return status;
}

static bool is_arm(const struct rp_experiment *x, struct rp_str name)
{
    for (uint32_t i = 0; i < x->arm_count; i++) {
        if (rp_str_eq(x->arms[i].name, name)) {
            return !x->arms[i].hold_out;
        }
    }
    return false;
}

static int choose_arm(struct promoting *p, const struct rp_experiment *x)
{
    struct rp_str word = RP_STR("");
    struct rp_err err = {0};
    int status = read_report(p, &word, &err);

    if (status != 0 && !p->force) {
        return rp_fail(&err);
    }
    if (p->arm) {
        p->chosen = rp_str_from(p->arm);
    }
    if (!rp_str_is(word, "ship") && !p->force) {
        return rp_complain("experiment %s says \"%.*s\", not \"ship\"; look at `ripen report "
                           "experiment %s`, or overrule it with --force",
                           p->wish.name, RP_STR_ARG(word), p->wish.name);
    }
    if (p->chosen.len == 0) {
        return rp_complain("which arm? name it with --arm");
    }
    if (!is_arm(x, p->chosen)) {
        return rp_complain("experiment %s has no arm \"%.*s\" whose model could be promoted",
                           p->wish.name, RP_STR_ARG(p->chosen));
    }
    return RP_EXIT_DONE;
}

static struct rp_str control_of(const struct promoting *p)
{
    const struct rp_rules *rules = p->setup.rules;

    return rules->experiments[rp_rules_experiment(rules, rp_str_from(p->wish.name))].arms[0].name;
}

static struct rp_files files_then(struct promoting *p)
{
    struct rp_files files = {
        .items = RP_ARENA_ARRAY(&p->setup.arena, struct rp_source, p->setup.files.count),
        .count = p->setup.files.count};

    memcpy(files.items, p->setup.files.items, files.count * sizeof(*files.items));
    files.items[p->promotion.file].text = p->promotion.whole;
    return files;
}

/* Authors' tests that fail with it, as those that expect the old numbers: told, since they would
 * hold the next edit. What keeps them from being played is told by `ripen test`. */
static void try_tests(struct promoting *p)
{
    struct rp_files files = files_then(p);
    struct rp_load_options options = {.tests = true};
    struct rp_trial_options trial = {.deadline_us = rp_mono_us() + TESTS_US};
    struct rp_findings findings = {0};
    struct rp_trial_result result = {0};
    struct rp_rules *rules = NULL;
    struct rp_err err = {0};

    if (rp_load(&p->setup.arena, &files, &options, &rules, &findings, &err) != 0) {
        return;
    }
    if (rp_trial_run(rules, &trial, &result, &err) == 0) {
        p->tests_failed = result.failed;
        for (size_t i = result.test_count; i-- > 0;) {
            if (!result.tests[i].ok) {
                p->first = rp_arena_printf(&p->setup.arena, "%.*s:%d \"%.*s\"",
                                           RP_STR_ARG(result.tests[i].file), result.tests[i].line,
                                           RP_STR_ARG(result.tests[i].name));
            }
        }
    }
    rp_trial_result_fini(&result);
    rp_rules_free(rules);
}

/* The rules as they would be, checked before anything is written: without errors, and with a
 * control that does what the arm does now. */
static int check(struct promoting *p, struct rp_err *err)
{
    struct rp_files files = files_then(p);
    struct rp_load_options options = {0};
    struct rp_findings findings = {0};
    struct rp_rules *rules = NULL;
    struct rp_buf told = {0};
    int status;

    status = rp_load(&p->setup.arena, &files, &options, &rules, &findings, err);
    if (status != 0) {
        rp_findings_print(&told, &findings, false);
        fwrite(told.ptr, 1, told.len, stderr);
        rp_buf_fini(&told);
    } else if (!rp_models_alike(p->setup.rules, rp_rules_model(p->setup.rules, p->chosen), rules,
                                rp_rules_model(rules, control_of(p)))) {
        status = rp_err_set(err, RIPEN_EINPUT,
                            "with \"%.*s\" changed in %.*s, \"%.*s\" would not do what it does; "
                            "change the numbers by hand",
                            RP_STR_ARG(control_of(p)),
                            RP_STR_ARG(p->setup.files.items[p->promotion.file].path),
                            RP_STR_ARG(p->chosen));
    }
    rp_rules_free(rules);
    return status;
}

/* ---- What changes ------------------------------------------------------------------------------
 */

struct lines {
    struct rp_str *items;
    size_t count;
};

static struct lines lines_of(struct rp_arena *arena, struct rp_str text)
{
    struct lines lines = {0};
    size_t breaks = 1;

    for (size_t i = 0; i < text.len; i++) {
        breaks += text.ptr[i] == '\n';
    }
    lines.items = RP_ARENA_ARRAY(arena, struct rp_str, breaks);
    for (size_t at = 0; at < text.len;) {
        const char *end = memchr(text.ptr + at, '\n', text.len - at);
        size_t len = end ? (size_t)(end - text.ptr) - at : text.len - at;

        lines.items[lines.count++] = (struct rp_str){text.ptr + at, len};
        at += len + 1;
    }
    return lines;
}

/* Lines from `from` on: so many of the old, so many of the new. An empty side is told by the line
 * before it, as patch(1) wants it. */
static void print_hunk(struct rp_buf *out, const struct lines *old, size_t was,
                       const struct lines *new, size_t now, size_t from)
{
    rp_buf_printf(out, "@@ -%zu,%zu +%zu,%zu @@\n", from + (was > 0), was, from + (now > 0), now);
    for (size_t i = from; i < from + was; i++) {
        rp_buf_printf(out, "-%.*s\n", RP_STR_ARG(old->items[i]));
    }
    for (size_t i = from; i < from + now; i++) {
        rp_buf_printf(out, "+%.*s\n", RP_STR_ARG(new->items[i]));
    }
}

/* Numbers keep their lines, so that lines are compared one by one; a model that is written anew
 * with more or fewer of them is one block. */
static void show(struct promoting *p, struct rp_buf *out)
{
    const struct rp_source *source = &p->setup.files.items[p->promotion.file];
    struct lines old = lines_of(&p->setup.arena, source->text);
    struct lines new = lines_of(&p->setup.arena, p->promotion.whole);
    size_t fewer = old.count < new.count ? old.count : new.count;
    size_t at = 0;
    size_t behind = 0;

    rp_buf_printf(out, "--- %.*s\n+++ %.*s\n", RP_STR_ARG(source->path), RP_STR_ARG(source->path));
    while (at < fewer && rp_str_eq(old.items[at], new.items[at])) {
        at++;
    }
    while (behind < fewer - at &&
           rp_str_eq(old.items[old.count - 1 - behind], new.items[new.count - 1 - behind])) {
        behind++;
    }
    if (old.count != new.count) {
        print_hunk(out, &old, old.count - behind - at, &new, new.count - behind - at, at);
        return;
    }
    while (at < fewer - behind) {
        size_t from = at;

        while (at < fewer - behind && !rp_str_eq(old.items[at], new.items[at])) {
            at++;
        }
        if (at > from) {
            print_hunk(out, &old, at - from, &new, at - from, from);
        }
        at += at == from;
    }
}

/* ---- Writing -----------------------------------------------------------------------------------
 */

static int cannot_write(struct promoting *p, const char *path, struct rp_err *err)
{
    int status = rp_err_set(err, RIPEN_EIO, "%s could not be written: %s", path, strerror(errno));

    (void)unlink(p->beside.ptr);
    return status;
}

/* The new file beside the old one, with its rights: what cannot be written ends no experiment. */
static int write_beside(struct promoting *p, const char *path, struct rp_err *err)
{
    struct stat old;
    FILE *file;
    bool good;

    rp_buf_printf(&p->beside, "%s~", path);
    file = fopen(p->beside.ptr, "wb");
    good = file && fwrite(p->promotion.whole.ptr, 1, p->promotion.whole.len, file) ==
                       p->promotion.whole.len;
    good = good && stat(path, &old) == 0 && fchmod(fileno(file), old.st_mode & 07777) == 0;
    good = (file && fflush(file) == 0 && fsync(fileno(file)) == 0) && good;
    good = (file && fclose(file) == 0) && good;
    return good ? 0 : cannot_write(p, path, err);
}

/* The person who saw the change has confirmed it: the guard of what an edit would move has nothing
 * to add. */
static int put_in_force(struct promoting *p, struct rp_err *err)
{
    const char *db = rp_setup_db(&p->setup, p->wish.db);
    struct rp_request_row request = {.at_ms = rp_clock_system().now_ms(NULL),
                                     .verb = RP_STR("reload"),
                                     .force = true,
                                     .author = rp_str_from(rp_author(p->wish.author))};
    struct rp_request_row answer;
    int status;

    if (!rp_server_runs(db)) {
        return RP_EXIT_DONE; /* the next start takes the file */
    }
    status = rp_server_ask(&p->setup.arena, db, &request, &answer, err);
    if (status != 0) {
        return rp_fail(err);
    }
    if (answer.status == 200) {
        return RP_EXIT_DONE;
    }
    return rp_complain("the file is written, and the server does not take it: %.*s",
                       RP_STR_ARG(rp_answer_member(&p->setup.arena, answer.answer, "reason")));
}

static int end_experiment(struct promoting *p)
{
    struct rp_buf out = {0};
    struct rp_buf reason = {0};
    int status;

    rp_buf_printf(&reason, "\"%.*s\" was promoted", RP_STR_ARG(p->chosen));
    p->wish.reason = reason.ptr;
    status = rp_experiment_ask(&p->wish, "experiment_promoted", &p->setup, &out);
    rp_buf_fini(&out);
    rp_buf_fini(&reason);
    return status;
}

/* The experiment ends before the file takes its place, whole, so that the generation that comes
 * with it is no new period. */
static int act(struct promoting *p, struct rp_err *err)
{
    struct rp_str path = p->setup.files.items[p->promotion.file].path;
    struct rp_buf name = {0};
    int status;

    rp_buf_printf(&name, "%s/%.*s", rp_setup_rules(&p->setup, p->rules), RP_STR_ARG(path));
    if (write_beside(p, name.ptr, err) != 0) {
        rp_buf_fini(&name);
        return rp_fail(err);
    }
    status = end_experiment(p);
    if (status != RP_EXIT_DONE) {
        (void)unlink(p->beside.ptr);
    } else if (rename(p->beside.ptr, name.ptr) != 0) {
        (void)cannot_write(p, name.ptr, err);
        status = rp_fail(err);
    } else {
        status = put_in_force(p, err);
    }
    rp_buf_fini(&name);
    return status;
}

static int promote(struct promoting *p, enum rp_format format)
{
    struct rp_str path;
    struct rp_buf out = {0};
    struct rp_err err = {0};
    uint32_t index = rp_rules_experiment(p->setup.rules, rp_str_from(p->wish.name));
    int status;

    if (index == RP_NONE) {
        return rp_complain("the rules declare no experiment \"%s\"", p->wish.name);
    }
    status = choose_arm(p, &p->setup.rules->experiments[index]);
    if (status != RP_EXIT_DONE) {
        return status;
    }
    status =
        rp_promote(&p->setup.arena, &p->setup.files, p->shown.declarations,
                   p->setup.rules->experiments[index].arms[0].name, p->chosen, &p->promotion, &err);
    status = status == 0 ? check(p, &err) : status;
    if (status != 0) {
        return rp_fail(&err);
    }
    try_tests(p);
    path = p->setup.files.items[p->promotion.file].path;
    status = p->acts ? act(p, &err) : RP_EXIT_DONE;
    if (status != RP_EXIT_DONE) {
        return status;
    }
    if (format == RP_FORMAT_JSON) {
        struct rp_jw jw = rp_jw(&out);

        rp_jw_object(&jw);
        rp_jw_put_text(&jw, "experiment", p->wish.name);
        rp_jw_put_str(&jw, "arm", p->chosen);
        rp_jw_put_str(&jw, "file", path);
        rp_jw_put_str(&jw, "was", p->promotion.was);
        rp_jw_put_str(&jw, "text", p->promotion.text);
        rp_jw_put_bool(&jw, "acted", p->acts);
        rp_jw_put_int(&jw, "testsFailed", (int64_t)p->tests_failed);
        rp_jw_object_end(&jw);
    } else {
        show(p, &out);
        if (p->tests_failed > 0) {
            rp_buf_printf(&out, "\n%zu of the rules' tests fail%s with it; the first: %.*s\n",
                          p->tests_failed, p->tests_failed == 1 ? "s" : "", RP_STR_ARG(p->first));
        }
        rp_buf_printf(&out, "\n%s\n",
                      p->acts ? "written; the experiment has ended"
                              : "nothing is written yet: --act writes it and ends the experiment");
    }
    return rp_print(&out);
}

int rp_cmd_experiment_promote(const struct rp_command *command, int argc, char **argv)
{
    struct promoting p = {0};
    char *arguments[1] = {0};
    const struct rp_option options[] = {
        {"arm", "NAME", "the arm that becomes the control (the one that the report names)", &p.arm,
         NULL},
        {"act", NULL, "writes the file and ends the experiment", NULL, &p.acts},
        {"force", NULL, "although the report does not say \"ship\"", NULL, &p.force},
        {"rules", "DIR", "the rules directory (rules)", &p.rules, NULL},
        {"db", "FILE", "the database (ripen.db)", &p.wish.db, NULL},
        {"author", "NAME", "who does it (RIPEN_AUTHOR, else your user name)", &p.wish.author, NULL},
        {"format", "text|json", "how to print", &p.format_text, NULL},
        {"config", "FILE", "ripen.lua", &p.config, NULL},
        {0},
    };
    int count = rp_options_parse(command, options, argc, argv, arguments);
    int format;
    int status;

    if (count < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    format = rp_format_parse(p.format_text);
    if (format < 0) {
        return RP_EXIT_FAILED;
    }
    p.wish.name = arguments[0];
    status = rp_setup_shown(&p.setup, p.rules, p.config, &p.shown);
    if (status == RP_EXIT_DONE) {
        status = promote(&p, (enum rp_format)format);
        rp_rules_free(p.setup.rules);
    }
    rp_buf_fini(&p.beside);
    rp_setup_fini(&p.setup);
    return status;
}
