/* SPDX-License-Identifier: MIT */
/* ripen test: the authors' tests, in a limited child process. With --watch again whenever a file of
 * the rules directory has changed and then stood still for a moment. */
#include "base/buf.h"
#include "base/hash.h"
#include "base/num.h"
#include "cli/child.h"
#include "cli/commands.h"
#include "core/trial.h"

#include <dirent.h>
#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 16, POLL_US = 200000, QUIET_POLLS = 2 };

struct request {
    const char *rules_dir, *config;
    const regex_t *run; /* NULL: all tests */
    enum rp_trial_format format;
    bool coverage, colour;
    bool colour_talk; /* on stderr */
    size_t columns;   /* of stderr */
    double threshold; /* percent; NAN: none */
};

static bool is_wanted(void *ctx, struct rp_str name)
{
    struct rp_buf text = {0};
    bool wanted;

    rp_buf_str(&text, name);
    rp_buf_char(&text, '\0');
    wanted = regexec(ctx, text.ptr, 0, NULL, 0) == 0;
    rp_buf_fini(&text);
    return wanted;
}

/* ---- One run, in the child ------------------------------------------------------------------- */

static int load(struct rp_setup *setup, const struct request *request, const char *rules_dir)
{
    struct rp_load_options options = {.tests = true};
    struct rp_err err = {0};
    struct rp_buf out = {0};
    int status = rp_files_read(&setup->arena, rules_dir, &setup->files, &err);

    rp_config_endpoints(&setup->arena, &setup->config, &options);
    if (status == 0) {
        status =
            rp_load(&setup->arena, &setup->files, &options, &setup->rules, &setup->findings, &err);
    }
    setup->findings.folder = rp_str_from(rules_dir);
    setup->findings.columns = request->columns;
    if (setup->findings.errors > 0) {
        rp_findings_print(&out, &setup->findings, request->colour_talk);
        (void)fwrite(out.ptr, 1, out.len, stderr);
        rp_buf_fini(&out);
        return rp_complain("the rules in %s are not valid: no test was run", rules_dir);
    }
    return status == 0 ? RP_EXIT_DONE : rp_fail(&err);
}

static int judge(const struct request *request, const struct rp_trial_result *result)
{
    if (request->coverage && !isnan(request->threshold) &&
        (double)rp_trial_percent(result) < request->threshold * RP_MILLI) {
        struct rp_buf text = {0};

        rp_milli_print(&text, rp_trial_percent(result));
        fprintf(stderr, "ripen: the tests reach %s %% of the rules, less than %g %%\n", text.ptr,
                request->threshold);
        rp_buf_fini(&text);
        return RP_EXIT_PROBLEMS;
    }
    return result->failed > 0 ? RP_EXIT_PROBLEMS : RP_EXIT_DONE;
}

static int run(const struct request *request, struct rp_setup *setup)
{
    union {
        const regex_t *in;
        void *out;
    } pattern = {.in = request->run};
    struct rp_trial_options options = {.wants = request->run ? is_wanted : NULL,
                                       .ctx = pattern.out,
                                       .coverage = request->coverage};
    struct rp_trial_result result;
    struct rp_buf out = {0};
    struct rp_err err = {0};
    int status = rp_trial_run(setup->rules, &options, &result, &err);

    if (status == 0) {
        rp_trial_print(&out, &result, request->format, request->coverage, request->colour);
        status = rp_print(&out) == RP_EXIT_DONE ? judge(request, &result) : RP_EXIT_FAILED;
    } else {
        status = rp_fail(&err);
    }
    rp_trial_result_fini(&result);
    return status;
}

static int work(void *context)
{
    const struct request *request = context;
    struct rp_setup setup;
    int status = rp_setup_config(&setup, request->rules_dir, request->config);

    if (status != RP_EXIT_DONE) {
        rp_setup_fini(&setup);
        return RP_EXIT_FAILED;
    }
    status = load(&setup, request, rp_setup_rules(&setup, request->rules_dir));
    if (status == RP_EXIT_DONE) {
        status = run(request, &setup);
    }
    rp_rules_free(setup.rules);
    rp_setup_fini(&setup);
    return status;
}

static int run_once(struct request *request)
{
    struct rp_child_result result = {0};
    struct rp_err err = {0};
    enum rp_child_shape shape = request->format == RP_TRIAL_JSON ? RP_CHILD_JSON : RP_CHILD_TEXT;

    if (rp_child_run(work, request, &rp_child_limits_test, &result, &err) != 0) {
        return rp_fail(&err);
    }
    return rp_child_finish(&result, request->rules_dir ? request->rules_dir : "the rules", shape);
}

/* ---- Watching -------------------------------------------------------------------------------- */

/* A number that changes with names, sizes and times of the files below `dir`. */
static uint64_t look(const char *dir, int depth)
{
    DIR *folder = depth < DEPTH_MAX ? opendir(dir) : NULL;
    struct dirent *entry;
    uint64_t sum = 0;

    while (folder && (entry = readdir(folder)) != NULL) {
        struct rp_buf path = {0};
        struct stat info;

        if (entry->d_name[0] == '.' || entry->d_name[0] == '#') {
            continue;
        }
        rp_buf_printf(&path, "%s/%s", dir, entry->d_name);
        if (stat(path.ptr, &info) == 0) {
            if (S_ISDIR(info.st_mode)) {
                sum += look(path.ptr, depth + 1);
            }
            rp_buf_printf(&path, " %lld %lld.%09ld", (long long)info.st_size,
                          (long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
            sum += rp_hash(rp_buf_view(&path)); /* a sum: the order of a directory is any */
        }
        rp_buf_fini(&path);
    }
    if (folder) {
        closedir(folder);
    }
    return sum;
}

/* Returns once something changed and then nothing for a moment: editors write in several steps. */
static uint64_t wait_for_change(const char *dir, uint64_t seen)
{
    uint64_t now;
    int quiet = 0;

    do {
        (void)usleep(POLL_US);
        now = look(dir, 0);
    } while (now == seen);
    while (quiet < QUIET_POLLS) {
        uint64_t before = now;

        (void)usleep(POLL_US);
        now = look(dir, 0);
        quiet = now == before ? quiet + 1 : 0;
    }
    return now;
}

static int watch(struct request *request)
{
    struct rp_setup setup;
    int status = rp_setup_config(&setup, request->rules_dir, request->config);
    const char *dir;
    uint64_t seen;

    if (status != RP_EXIT_DONE) {
        rp_setup_fini(&setup);
        return RP_EXIT_FAILED;
    }
    dir = rp_setup_rules(&setup, request->rules_dir);
    seen = look(dir, 0);
    for (;;) { /* until somebody ends it */
        (void)run_once(request);
        printf("\n--- waiting for a change in %s; Ctrl+C ends ---\n", dir);
        (void)fflush(stdout);
        seen = wait_for_change(dir, seen);
    }
}

/* ---- The command ----------------------------------------------------------------------------- */

static int parse_format(const char *text)
{
    static const char *const names[] = {"text", "json", "junit", "tap"};

    for (int i = 0; text && i < (int)RP_COUNT(names); i++) {
        if (strcmp(names[i], text) == 0) {
            return i;
        }
    }
    if (!text) {
        return RP_TRIAL_TEXT;
    }
    rp_complain("--format is text, json, junit or tap, not \"%s\"", text);
    return -1;
}

static bool parse_threshold(const char *text, double *ret_percent)
{
    *ret_percent = (double)NAN;
    if (!text || (rp_number_parse(rp_str_from(text), ret_percent) && *ret_percent >= 0 &&
                  *ret_percent <= 100)) {
        return true;
    }
    rp_complain("--coverage is a percentage from 0 to 100, not \"%s\"", text);
    return false;
}

static bool parse_run(const char *text, regex_t *pattern)
{
    char why[200];
    int code = regcomp(pattern, text, REG_EXTENDED | REG_NOSUB);

    if (code == 0) {
        return true;
    }
    (void)regerror(code, pattern, why, sizeof(why));
    rp_complain("--run \"%s\" is no regular expression: %s", text, why);
    return false;
}

int rp_cmd_test(const struct rp_command *command, int argc, char **argv)
{
    const char *run_text = NULL;
    const char *format_text = NULL;
    const char *percent_text = NULL;
    const char *config = NULL;
    bool coverage = false;
    bool watching = false;
    const struct rp_option options[] = {
        {"run", "RE", "only tests whose names this extended regular expression finds", &run_text,
         NULL},
        {"coverage", "PCT",
         "what the tests reach of the rules; status 1 below PCT (=PCT, optional)", &percent_text,
         &coverage},
        {"format", "text|json|junit|tap", "how to print", &format_text, NULL},
        {"watch", NULL, "again after every change of a file", NULL, &watching},
        {"config", "FILE", "ripen.lua", &config, NULL},
        {0},
    };
    char *arguments[2] = {0};
    int count = rp_options_parse(command, options, argc, argv, arguments);
    struct request request = {.config = config, .coverage = coverage};
    regex_t pattern;
    int format;
    int status;

    if (count < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    format = parse_format(format_text);
    if (format < 0 || !parse_threshold(percent_text, &request.threshold) ||
        (run_text && !parse_run(run_text, &pattern))) {
        return RP_EXIT_FAILED;
    }
    request.rules_dir = count > 0 ? arguments[0] : NULL;
    request.format = (enum rp_trial_format)format;
    request.colour = rp_colour(STDOUT_FILENO);
    request.colour_talk = rp_colour(STDERR_FILENO);
    request.columns = rp_columns(STDERR_FILENO);
    request.run = run_text ? &pattern : NULL;
    status = watching ? watch(&request) : run_once(&request);
    if (run_text) {
        regfree(&pattern);
    }
    return status;
}
