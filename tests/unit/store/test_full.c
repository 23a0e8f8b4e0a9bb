/* SPDX-License-Identifier: MIT */
/* A disk that is full: nothing is acknowledged, nothing is half stored, and when there is room
 * again the same handle goes on. The disk is a limit on file sizes, and where it may be mounted
 * also a real small file system. */
#include "store/dedup.h"
#include "store/events.h"
#include "store/identities.h"
#include "unit/store/groups.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROUP 50

/* One group of events; 0 or the status that stopped it, after which the transaction is over. */
static int try_group(struct rp_store *store, int64_t node, int64_t *prev, int number)
{
    struct rp_err err = {0};
    int64_t id = *prev;
    char message[64];
    int status = rp_store_begin(store, &err);

    for (int i = 0; i < GROUP && status == 0; i++) {
        snprintf(message, sizeof(message), "m-%d-%d", number, i);
        struct rp_event event = make_event(node, "u1", message);
        char name[32];
        snprintf(name, sizeof(name), "name %d", number);
        event.name = rp_str_from(name);
        status = rp_event_append(store, &event, id, RP_STR(""), &id, &err);
        if (status == 0)
            rp_dedup_add(store, hash_of(store, event.message_id), id);
    }
    if (status == 0)
        status = rp_store_commit(store, &err);
    else
        rp_store_rollback(store);
    if (status == 0)
        *prev = id;
    else if (!strstr(err.text, "free some space"))
        fail_msg("%d: %s", status, err.text);
    assert_false(rp_store_in_transaction(store));
    return status;
}

/* All events are there, chained without a gap. */
static void assert_chain(struct rp_store *store, int64_t newest, int64_t count)
{
    struct rp_arena arena;
    struct rp_err err = {0};

    rp_arena_init(&arena);
    assert_int_equal(rp_event_newest(store), newest);
    int64_t at = newest, seen = 0;
    while (at != 0) {
        struct rp_event event;
        assert_ok(rp_event_read(&arena, store, at, &event, &at, &err));
        seen++;
    }
    assert_int_equal(seen, count);
    rp_arena_fini(&arena);
}

static void fill_and_go_on(struct rp_store *store, void (*make_room)(void *), void *ctx)
{
    struct rp_err err = {0};
    int64_t prev = 0, groups = 0, rows[4];
    int number = 0, status = 0;

    assert_ok(rp_dedup_open(store, &err));
    assert_ok(rp_store_begin(store, &err));
    int64_t node = add_person(store, "u1", NULL);
    assert_ok(rp_store_commit(store, &err));
    while (status == 0 && number < 100000) {
        status = try_group(store, node, &prev, number++);
        groups += status == 0;
    }
    assert_int_equal(status, RIPEN_EFULL);
    assert_true(groups > 0);
    assert_int_equal(try_group(store, node, &prev, number++), RIPEN_EFULL); /* still */
    assert_chain(store, prev, groups * GROUP);
    assert_int_equal(rp_dedup_find(store, hash_of(store, RP_STR("m-0-0")), rows, 4, &err), 1);
    char lost[64];
    snprintf(lost, sizeof(lost), "m-%d-0", number - 1);
    assert_int_equal(rp_dedup_find(store, hash_of(store, rp_str_from(lost)), rows, 4, &err), 0);
    snprintf(lost, sizeof(lost), "name %d", number - 1);
    assert_int_equal(rp_store_name_find(store, rp_str_from(lost)), 0);
    make_room(ctx);
    for (int i = 0; i < 20; i++, groups++)
        assert_int_equal(try_group(store, node, &prev, number++), 0);
    assert_chain(store, prev, groups * GROUP);
}

static void set_limit(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void lift_limit(void *ctx)
{
    (void)ctx;
    set_limit(RLIM_INFINITY);
}

static void a_limit_of_file_size(void **state)
{
    struct rp_store *store;
    struct rp_err err = {0};

    signal(SIGXFSZ, SIG_IGN);
    assert_ok(rp_store_open(path_in(*state, "a.db"), RP_STORE_SERVE, &store, &err));
    set_limit(600 * 1024);
    fill_and_go_on(store, lift_limit, NULL);
    rp_store_close(store);
    signal(SIGXFSZ, SIG_DFL);
}

static void remove_ballast(void *ctx)
{
    assert_int_equal(remove(ctx), 0);
}

static void a_small_file_system(void **state)
{
    char folder[512], ballast[600];
    struct rp_store *store;
    struct rp_err err = {0};

    snprintf(folder, sizeof(folder), "%s", path_in(*state, "disk"));
    snprintf(ballast, sizeof(ballast), "%s/ballast", folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    if (mount("tmpfs", folder, "tmpfs", 0, "size=3m") != 0) {
        rmdir(folder);
        skip(); /* needs a privilege */
    }
    FILE *file = fopen(ballast, "w");
    assert_non_null(file);
    for (int i = 0; i < 1500; i++)
        fprintf(file, "%01023d\n", i);
    fclose(file);
    int status = rp_store_open(path_in(folder, "a.db"), RP_STORE_SERVE, &store, &err);
    if (status == 0) {
        fill_and_go_on(store, remove_ballast, ballast);
        rp_store_close(store);
    }
    umount2(folder, MNT_DETACH);
    rmdir(folder);
    assert_int_equal(status, 0);
}

/* A write that failed cannot be committed by a caller who overlooked it. */
static void a_failed_write_fails_the_commit(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    int64_t lead, node;

    assert_ok(rp_store_begin(rig->store, &err));
    add_person(rig->store, "u1", &lead);
    assert_int_equal(
        rp_identity_add(rig->store, RP_NODE_USER, RP_STR("u1"), lead, NINE, &node, &err),
        RIPEN_ESTORE); /* it is there already */
    assert_int_equal(rp_store_commit(rig->store, &err), RIPEN_ESTORE);
    assert_false(rp_store_in_transaction(rig->store));
    struct rp_identity identity;
    assert_int_equal(rp_identity_find(rig->store, RP_NODE_USER, RP_STR("u1"), &identity, &err),
                     RIPEN_ENOTFOUND);
    assert_ok(rp_store_begin(rig->store, &err));
    add_person(rig->store, "u1", &lead);
    assert_ok(rp_store_commit(rig->store, &err));
}

int test_full(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_limit_of_file_size, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(a_small_file_system, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(a_failed_write_fails_the_commit, rig_memory, rig_end),
    };

    return cmocka_run_group_tests_name("store: full disk", tests, NULL, NULL);
}
