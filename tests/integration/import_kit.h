/* SPDX-License-Identifier: MIT */
/* What the import tests share: a temporary directory, files in it, and an import into a core. */
#ifndef TESTS_IMPORT_KIT_H
#define TESTS_IMPORT_KIT_H

#include "base/buf.h"
#include "cli/import.h"
#include "core/core.h"
#include "core/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

static char kit_dir[64];

static inline int kit_setup(void **state)
{
    (void)state;
    snprintf(kit_dir, sizeof(kit_dir), "/tmp/ripen-import-XXXXXX");
    return mkdtemp(kit_dir) ? 0 : -1;
}

static inline int kit_teardown(void **state)
{
    char command[96];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf '%s'", kit_dir);
    return system(command);
}

static inline const char *kit_path(const char *name)
{
    static char paths[32][160];
    static unsigned next;
    char *path = paths[next++ % 32];

    snprintf(path, sizeof(paths[0]), "%s/%s", kit_dir, name);
    return path;
}

/* A file of the directory; a name that ends in .gz is gzipped. */
static inline const char *kit_write(const char *name, const char *bytes, size_t len)
{
    const char *path = kit_path(name);
    size_t name_len = strlen(name);

    if (name_len > 3 && strcmp(name + name_len - 3, ".gz") == 0) {
        gzFile gz = gzopen(path, "wb");

        assert_int_equal(gzwrite(gz, bytes, (unsigned)len), (int)len);
        assert_int_equal(gzclose(gz), Z_OK);
    } else {
        FILE *file = fopen(path, "wb");

        assert_int_equal(fwrite(bytes, 1, len, file), len);
        fclose(file);
    }
    return path;
}

static inline const char *kit_text(const char *name, const char *text)
{
    return kit_write(name, text, strlen(text));
}

static inline struct rp_core *kit_core(const char *db, const char *rules_dir)
{
    struct rp_core_options options = {.db_path = db ? db : ":memory:",
                                      .mode = db ? RP_STORE_SERVE : RP_STORE_MEMORY,
                                      .clock = rp_clock_system()};
    struct rp_load_options load = {0};
    struct rp_findings findings = {0};
    struct rp_files files;
    struct rp_rules *rules;
    struct rp_arena arena;
    struct rp_core *core;
    struct rp_err err = {0};

    rp_arena_init(&arena);
    if (rp_core_open(&options, &core, &err) != 0 ||
        rp_files_read(&arena, rules_dir, &files, &err) != 0 ||
        rp_load(&arena, &files, &load, &rules, &findings, &err) != 0 ||
        rp_core_rules(core, rules, &files, RP_STR("test"), &err) != 0) {
        fail_msg("%s (%zu findings)", err.text, findings.errors);
    }
    rp_arena_fini(&arena);
    return core;
}

/* Imports with the given bounds (0: the usual ones). Free the result. */
static inline int kit_import(struct rp_core *core, const char *path, const char *map,
                             size_t events_max, size_t bytes_max,
                             struct rp_import_result *ret_result, struct rp_err *err)
{
    struct rp_import_options options = {.core = core,
                                        .events_max = events_max,
                                        .bytes_max = bytes_max,
                                        .now_ms = rp_clock_system().now_ms(NULL)};
    struct rp_findings findings = {0};
    struct rp_mapping *mapping = NULL;
    struct rp_arena arena;
    int status = rp_import_open(path, &options.file, err);

    rp_arena_init(&arena);
    if (status == 0) {
        (void)rp_import_first(options.file);
        if (map) {
            status = rp_mapping_load(&arena, map, &mapping, &findings, err);
        }
    }
    if (status == 0) {
        status = rp_import_rows_new(options.file, mapping, &options.rows, &findings, err);
    }
    if (status == 0) {
        status = rp_import_run(&options, ret_result, err);
    } else {
        *ret_result = (struct rp_import_result){0};
        rp_arena_init(&ret_result->arena);
    }
    rp_import_rows_free(options.rows);
    rp_import_close(options.file);
    rp_arena_fini(&arena);
    return status;
}

/* Imports and expects these counts. */
static inline void kit_import_ok(struct rp_core *core, const char *path, const char *map,
                                 size_t events_max, size_t accepted, size_t duplicates,
                                 size_t rejected)
{
    struct rp_import_result result;
    struct rp_err err = {0};

    if (kit_import(core, path, map, events_max, 0, &result, &err) != 0) {
        fail_msg("%s", err.text);
    }
    for (size_t i = 0; i < result.reason_count && rejected == 0; i++) {
        print_message("line %zu: %.*s\n", result.reasons[i].line,
                      RP_STR_ARG(result.reasons[i].message));
    }
    assert_int_equal(result.accepted, accepted);
    assert_int_equal(result.duplicates, duplicates);
    assert_int_equal(result.rejected, rejected);
    rp_import_result_fini(&result);
}

/* The explanation of a lead as JSON without the lead's id, which depends on the moment that it was
 * made. Free with rp_buf_fini. */
static inline struct rp_buf kit_explain(struct rp_core *core, const char *lead, int64_t at_ms)
{
    struct rp_reader *reader;
    struct rp_buf out = {0};
    struct rp_err err = {0};
    char *id;

    assert_int_equal(rp_reader_open(NULL, rp_core_store(core), rp_core_active(core), &reader, &err),
                     0);
    if (rp_reader_explain(reader, rp_str_from(lead), at_ms, RP_FORMAT_JSON, false, &out, &err) !=
        0) {
        fail_msg("%s", err.text);
    }
    id = strstr(out.ptr, "\"ld_");
    assert_non_null(id);
    memset(id + 4, '-', strcspn(id + 4, "\""));
    rp_reader_close(reader);
    return out;
}

/* Runs the program in the sources' directory; what it prints (both streams) goes to `text`. */
static inline int RP_PRINTF(3, 4) kit_run(char *text, size_t size, const char *fmt, ...)
{
    char command[1024];
    int prefix = snprintf(command, sizeof(command), "'%s' ", RIPEN_PROGRAM);
    va_list args;
    size_t len;
    FILE *pipe;
    int status;

    va_start(args, fmt);
    vsnprintf(command + prefix, sizeof(command) - (size_t)prefix, fmt, args);
    va_end(args);
    strncat(command, " 2>&1", sizeof(command) - strlen(command) - 1);
    fflush(NULL);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    len = fread(text, 1, size - 1, pipe);
    text[len] = '\0';
    status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline void kit_has(const char *text, const char *part)
{
    if (!strstr(text, part)) {
        fail_msg("\"%s\" is not in: %s", part, text);
    }
}

#endif
