/* SPDX-License-Identifier: MIT */
/* ripen verify: recomputes every lead from its events, whether or not a server runs beside. */
#include "base/json_write.h"
#include "base/limits.h"
#include "cli/commands.h"
#include "core/verify.h"

#include <string.h>
#include <unistd.h>

/* `told`: a line for each difference. */
static void print_json(const struct rp_verified *verified, struct rp_str told, struct rp_buf *out)
{
    struct rp_jw jw = rp_jw(out);

    rp_jw_object(&jw);
    rp_jw_put_int(&jw, "verified", (int64_t)(verified->same + verified->different));
    rp_jw_put_int(&jw, "different", (int64_t)verified->different);
    rp_jw_put_int(&jw, "skipped", (int64_t)verified->skipped);
    rp_jw_key(&jw, "differences");
    rp_jw_array(&jw);
    while (told.len > 0) {
        const char *end = memchr(told.ptr, '\n', told.len);
        size_t len = end ? (size_t)(end - told.ptr) : told.len;

        rp_jw_str(&jw, (struct rp_str){told.ptr, len});
        told = (struct rp_str){told.ptr + len + (end != NULL), told.len - len - (end != NULL)};
    }
    rp_jw_array_end(&jw);
    rp_jw_object_end(&jw);
}

static int verify(const struct rp_verify_options *options, bool json)
{
    struct rp_verified verified;
    struct rp_buf told = {0};
    struct rp_buf out = {0};
    struct rp_err err = {0};
    int status = rp_verify_file(options, &verified, &told, &err);

    if (status != 0) {
        rp_buf_fini(&told);
        return rp_fail(&err);
    }
    if (json) {
        print_json(&verified, rp_buf_view(&told), &out);
    } else {
        rp_buf_str(&out, rp_buf_view(&told));
        rp_buf_printf(&out, "%zu leads verified, %zu differ, %zu to be written or rebuilt\n",
                      verified.same + verified.different, verified.different, verified.skipped);
    }
    rp_buf_fini(&told);
    status = rp_print(&out);
    return status == RP_EXIT_DONE && verified.different > 0 ? RP_EXIT_PROBLEMS : status;
}

int rp_cmd_verify(const struct rp_command *command, int argc, char **argv)
{
    const char *db = NULL;
    const char *config = NULL;
    const char *sample = NULL;
    const char *format_text = NULL;
    const struct rp_option options[] = {
        {"db", "FILE", "the database (ripen.db)", &db, NULL},
        {"sample", "N", "about so many leads, spread evenly (all)", &sample, NULL},
        {"format", "text|json", "how to print", &format_text, NULL},
        {"config", "FILE", "ripen.lua", &config, NULL},
        {0},
    };
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct rp_verify_options verifying = {.workers = processors < 1   ? 1
                                                     : processors > 8 ? 8
                                                                      : (unsigned)processors};
    struct rp_setup setup = {0};
    int count = rp_options_parse(command, options, argc, argv, NULL);
    int format;
    int status;

    if (count < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    format = rp_format_parse(format_text);
    if (format < 0 || !rp_count_parse("sample", sample, 0, &verifying.sample)) {
        return RP_EXIT_FAILED;
    }
    status = rp_setup_config(&setup, NULL, config);
    if (status == RP_EXIT_DONE) {
        verifying.db_path = rp_setup_db(&setup, db);
        status = verify(&verifying, format == RP_FORMAT_JSON);
    }
    rp_setup_fini(&setup);
    return status;
}
