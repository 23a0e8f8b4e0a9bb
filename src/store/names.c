/* SPDX-License-Identifier: MIT */
/* Interned names: event names, rules, stages, actions. Each gets a small number that never changes.
 * All names that were asked for stay in memory until the handle is closed, so that their texts can
 * be lent out; names of events come from outside, therefore no more than RP_NAMES_MAX are interned
 * for them (the event row then holds the text). A rollback takes the numbers back, not the texts.
 */
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "store/store_priv.h"

#include <stdlib.h>

struct name {
    struct rp_str text; /* ptr NULL: a free slot */
    uint64_t hash;
    int64_t id; /* 0: was taken back by a rollback */
};

struct rp_names {
    struct rp_arena texts;
    struct name **by_id; /* index: the number */
    size_t by_id_cap;
    struct name **slots; /* open addressing */
    size_t slot_count, used;
    int64_t *added; /* in this transaction */
    size_t added_count, added_cap;
    int64_t count; /* rows of the table; < 0: not counted yet */
};

static const char sql_find[] = "SELECT id FROM names WHERE text = ?1";
static const char sql_get[] = "SELECT text FROM names WHERE id = ?1";
static const char sql_add[] = "INSERT INTO names (text) VALUES (?1)";
static const char sql_count[] = "SELECT count(*) FROM names";

struct rp_names *rp_names_new(void)
{
    struct rp_names *names = rp_calloc(1, sizeof(*names));

    rp_arena_init(&names->texts);
    names->slot_count = 256;
    names->slots = rp_calloc(names->slot_count, sizeof(*names->slots));
    names->count = -1;
    return names;
}

void rp_names_free(struct rp_names *names)
{
    if (!names)
        return;
    rp_arena_fini(&names->texts);
    free(names->by_id);
    free(names->slots);
    free(names->added);
    free(names);
}

static struct name **slot_of(const struct rp_names *names, uint64_t hash, struct rp_str text)
{
    size_t mask = names->slot_count - 1, at = hash & mask;

    while (names->slots[at] &&
           !(names->slots[at]->hash == hash && rp_str_eq(names->slots[at]->text, text)))
        at = (at + 1) & mask;
    return &names->slots[at];
}

static void grow_slots(struct rp_names *names)
{
    struct name **old = names->slots;
    size_t old_count = names->slot_count;

    names->slot_count *= 2;
    names->slots = rp_calloc(names->slot_count, sizeof(*names->slots));
    for (size_t i = 0; i < old_count; i++)
        if (old[i])
            *slot_of(names, old[i]->hash, old[i]->text) = old[i];
    free(old);
}

static struct name *remember(struct rp_names *names, uint64_t hash, struct rp_str text, int64_t id)
{
    RP_ASSERT(id > 0);
    if (2 * (names->used + 1) > names->slot_count)
        grow_slots(names);
    struct name **slot = slot_of(names, hash, text);
    if (!*slot) {
        *slot = RP_ARENA_NEW(&names->texts, struct name);
        (*slot)->text = rp_arena_str(&names->texts, text);
        (*slot)->hash = hash;
        names->used++;
    }
    (*slot)->id = id;
    size_t old = names->by_id_cap;
    names->by_id = rp_grow(names->by_id, &names->by_id_cap, (size_t)id + 1, sizeof(*names->by_id));
    for (size_t i = old; i < names->by_id_cap; i++)
        names->by_id[i] = NULL;
    names->by_id[id] = *slot;
    return *slot;
}

void rp_names_end(struct rp_store *store, bool committed)
{
    struct rp_names *names = store->names;

    for (size_t i = 0; i < names->added_count && !committed; i++) {
        struct name *name = names->by_id[names->added[i]];
        names->by_id[names->added[i]] = NULL;
        name->id = 0;
        names->count = -1;
    }
    names->added_count = 0;
}

/* The number of a text or 0; < 0 an error. */
static int64_t find(struct rp_store *store, uint64_t hash, struct rp_str text, struct rp_err *err)
{
    const struct name *name = *slot_of(store->names, hash, text);
    sqlite3_stmt *stmt;

    if (name && name->id > 0)
        return name->id;
    int status = rp_sql_get(store, RP_SQL_NAME_FIND, sql_find, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_text(stmt, 1, text);
    status = rp_sql_step(store, stmt, "looking a name up", err);
    if (status != 1)
        return status;
    int64_t id = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    remember(store->names, hash, text, id);
    return id;
}

static int add(struct rp_store *store, uint64_t hash, struct rp_str text, int64_t *ret_id,
               struct rp_err *err)
{
    struct rp_names *names = store->names;
    sqlite3_stmt *stmt;
    int status = rp_sql_get(store, RP_SQL_NAME_ADD, sql_add, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_text(stmt, 1, text);
    status = rp_sql_run(store, stmt, "adding a name", err);
    if (status < 0)
        return status;
    *ret_id = sqlite3_last_insert_rowid(store->db);
    remember(names, hash, text, *ret_id);
    names->added =
        rp_grow(names->added, &names->added_cap, names->added_count + 1, sizeof(*names->added));
    names->added[names->added_count++] = *ret_id;
    if (names->count >= 0)
        names->count++;
    return 0;
}

int rp_store_name_id(struct rp_store *store, struct rp_str text, int64_t *ret_id,
                     struct rp_err *err)
{
    rp_store_writing(store);
    if (text.len == 0) {
        *ret_id = 0;
        return 0;
    }
    uint64_t hash = rp_hash_keyed(store->secret, text);
    int64_t id = find(store, hash, text, err);
    if (id < 0)
        return (int)id;
    if (id == 0)
        return add(store, hash, text, ret_id, err);
    *ret_id = id;
    return 0;
}

int rp_name_bounded(struct rp_store *store, struct rp_str text, int64_t *ret_id, struct rp_err *err)
{
    struct rp_names *names = store->names;

    if (names->count < 0)
        names->count = rp_sql_number(store, RP_SQL_NAME_COUNT, sql_count, 0);
    if (names->count < RP_NAMES_MAX || text.len == 0)
        return rp_store_name_id(store, text, ret_id, err);
    int64_t id = find(store, rp_hash_keyed(store->secret, text), text, err);
    if (id < 0)
        return (int)id;
    *ret_id = id;
    return 0;
}

int64_t rp_store_name_find(struct rp_store *store, struct rp_str text)
{
    if (text.len == 0)
        return 0;
    int64_t id = find(store, rp_hash_keyed(store->secret, text), text, NULL);
    return id < 0 ? 0 : id;
}

struct rp_str rp_store_name(struct rp_store *store, int64_t id)
{
    struct rp_names *names = store->names;
    sqlite3_stmt *stmt;
    struct rp_str text = RP_STR("");

    if (id <= 0)
        return text;
    if ((size_t)id < names->by_id_cap && names->by_id[id])
        return names->by_id[id]->text;
    if (rp_sql_get(store, RP_SQL_NAME_GET, sql_get, &stmt, NULL) < 0)
        return text;
    rp_bind_int(stmt, 1, id);
    if (rp_sql_step(store, stmt, "looking a name up", NULL) == 1) {
        text = rp_column_view(stmt, 0);
        text = remember(names, rp_hash_keyed(store->secret, text), text, id)->text;
        sqlite3_reset(stmt);
    }
    return text;
}
