/* SPDX-License-Identifier: MIT */
/* What changes a sight and what does not, which links it names, and files that are being written.
 */
#include "daemon/sight.h"
#include "unit/daemon/groups.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char place[64];

static const char *path_of(const char *name)
{
    static char path[2][256];
    static int which;

    which = !which;
    (void)snprintf(path[which], sizeof(path[which]), "%s/%s", place, name);
    return path[which];
}

static void put(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int make_place(void **state)
{
    (void)state;
    (void)snprintf(place, sizeof(place), "/tmp/ripen-sight-XXXXXX");
    assert_non_null(mkdtemp(place));
    assert_int_equal(mkdir(path_of("rules"), 0700), 0);
    assert_int_equal(mkdir(path_of("rules/sub"), 0700), 0);
    put("rules/a.lua", "a");
    put("rules/sub/b.lua", "b");
    return 0;
}

static int drop_place(void **state)
{
    char command[128];

    (void)state;
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", place);
    return system(command);
}

/* The hash of the sight now, in turn of two buffers. */
static const char *look(const char *folder)
{
    static char hash[2][27];
    static int which;
    struct rp_arena arena;
    struct rp_sight sight;

    which = !which;
    rp_arena_init(&arena);
    rp_sight_take(&arena, path_of(folder), path_of("ripen.lua"), true, &sight);
    memcpy(hash[which], sight.hash, sizeof(hash[which]));
    rp_arena_fini(&arena);
    return hash[which];
}

static void changes(void **state)
{
    const char *before = look("rules");

    (void)state;
    assert_string_equal(before, look("rules"));
    put("rules/README", "no rule");
    put("rules/a.lua~", "a copy");
    put("rules/.a.lua.swp", "a copy");
    assert_string_equal(before, look("rules"));
    put("rules/sub/b.lua", "longer");
    assert_string_not_equal(before, look("rules"));
    before = look("rules");
    put("ripen.lua", "-- a configuration comes");
    assert_string_not_equal(before, look("rules"));
    before = look("rules");
    assert_int_equal(unlink(path_of("rules/a.lua")), 0);
    assert_string_not_equal(before, look("rules"));
    before = look("nowhere");
    assert_string_equal(before, look("nowhere")); /* no folder is a sight too */
}

static void links(void **state)
{
    struct rp_arena arena;
    struct rp_sight sight;
    uint64_t seen;
    bool named = false;

    (void)state;
    assert_int_equal(symlink("rules", path_of("current")), 0);
    rp_arena_init(&arena);
    rp_sight_take(&arena, path_of("current"), NULL, false, &sight);
    for (size_t i = 0; i < sight.link_count; i++)
        named = named || strcmp(sight.links[i], path_of("current")) == 0;
    assert_true(named);
    assert_int_equal(sight.folder_count, 2);
    seen = rp_sight_links(sight.links, sight.link_count);
    put("rules/a.lua", "another text"); /* seen by the folder's watch */
    assert_true(seen == rp_sight_links(sight.links, sight.link_count));
    assert_int_equal(mkdir(path_of("other"), 0700), 0);
    assert_int_equal(symlink("other", path_of("next")), 0);
    assert_int_equal(rename(path_of("next"), path_of("current")), 0);
    assert_true(seen != rp_sight_links(sight.links, sight.link_count));
    assert_int_equal(symlink("loop", path_of("loop")), 0); /* ends */
    rp_sight_take(&arena, path_of("loop"), NULL, false, &sight);
    rp_arena_fini(&arena);
}

static void a_file_that_is_being_written(void **state)
{
    struct rp_arena arena;
    struct rp_sight sight;
    int fd = open(path_of("rules/a.lua"), O_WRONLY);

    (void)state;
    assert_true(fd >= 0);
    rp_arena_init(&arena);
    rp_sight_take(&arena, path_of("rules"), NULL, false, &sight);
    assert_false(sight.written); /* not asked for */
    rp_sight_take(&arena, path_of("rules"), NULL, true, &sight);
#ifdef F_SETLEASE
    assert_true(sight.written);
#endif
    assert_int_equal(close(fd), 0);
    rp_sight_take(&arena, path_of("rules"), NULL, true, &sight);
    assert_false(sight.written);
    rp_arena_fini(&arena);
}

int test_sight(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(changes, make_place, drop_place),
        cmocka_unit_test_setup_teardown(links, make_place, drop_place),
        cmocka_unit_test_setup_teardown(a_file_that_is_being_written, make_place, drop_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
