/* SPDX-License-Identifier: MIT */
/* Leads and identity nodes. Two bounded caches, each a table of sets of four: identifier → node,
 * which never changes, and node → lead, kind and value. Nodes are numbered as they come, so the
 * sets of the second fill evenly and it grows only when it is full. A look-up compares the whole
 * value; a hash alone is never believed. A rollback empties both, since it may have taken nodes and
 * moves back. */
#include "store/identities.h"

#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "store/store_priv.h"

#include <stdlib.h>

#define WAYS       4
#define SETS_FIRST 64
#define SETS_MAX   (RP_NODES_CACHED_MAX / WAYS)
#define CHAIN_MAX  10000 /* merges of merges; only a damaged file has more */

struct node {
    int64_t id; /* 0: free */
    int64_t lead;
    uint8_t *text; /* owned: kind, length in two bytes, value */
};

struct rp_nodes {
    size_t sets, used;  /* sets of nodes: a power of two; by_value has twice as many */
    struct node *nodes; /* sets × WAYS, by number */
    int64_t *by_value;  /* by hash of the identifier: number << 16 | tag of the hash */
    uint8_t *next_node; /* which of a set goes next */
    uint8_t *next_value;
    bool touched;    /* added or moved in this transaction */
    int64_t version; /* of the data that a reader's snapshot began with */
};

static const char sql_node_newest[] = "SELECT MAX(id) FROM nodes";
static const char sql_find[] = "SELECT id, lead FROM nodes WHERE value = ?1 AND kind = ?2";
static const char sql_get[] = "SELECT lead, kind, value FROM nodes WHERE id = ?1";
static const char sql_add[] =
    "INSERT INTO nodes (lead, kind, first_ms, value) VALUES (?1, ?2, ?3, ?4)";
static const char sql_move[] = "UPDATE nodes SET lead = ?2 WHERE id = ?1";
static const char sql_lead_add[] = "INSERT INTO lead_rows (public_id, created_ms) VALUES (?1, ?2)";
static const char sql_lead_merged[] = "UPDATE lead_rows SET merged_into = ?2 WHERE id = ?1";
static const char sql_lead_find[] = "SELECT id, merged_into FROM lead_rows WHERE public_id = ?1";
static const char sql_lead_into[] = "SELECT merged_into FROM lead_rows WHERE id = ?1";

static void make_sets(struct rp_nodes *nodes, size_t sets)
{
    nodes->sets = sets;
    nodes->used = 0;
    nodes->nodes = rp_calloc(sets * WAYS, sizeof(*nodes->nodes));
    nodes->by_value = rp_calloc(2 * sets * WAYS, sizeof(*nodes->by_value));
    nodes->next_node = rp_calloc(sets, 1);
    nodes->next_value = rp_calloc(2 * sets, 1);
}

struct rp_nodes *rp_nodes_new(void)
{
    struct rp_nodes *nodes = rp_calloc(1, sizeof(*nodes));

    make_sets(nodes, SETS_FIRST);
    return nodes;
}

static void drop_sets(struct rp_nodes *nodes)
{
    for (size_t i = 0; i < nodes->sets * WAYS; i++)
        free(nodes->nodes[i].text);
    free(nodes->nodes);
    free(nodes->by_value);
    free(nodes->next_node);
    free(nodes->next_value);
}

void rp_nodes_free(struct rp_nodes *nodes)
{
    if (!nodes)
        return;
    drop_sets(nodes);
    free(nodes);
}

void rp_nodes_forget(struct rp_store *store)
{
    drop_sets(store->nodes);
    make_sets(store->nodes, SETS_FIRST);
    store->nodes->touched = true;
}

void rp_nodes_end(struct rp_store *store, bool committed)
{
    if (!committed && store->nodes->touched) {
        drop_sets(store->nodes);
        make_sets(store->nodes, SETS_FIRST);
    }
    store->nodes->touched = false;
}

/* A reader does not see what the server does to a node, but within a snapshot nothing is done. */
static bool trusted(const struct rp_store *store)
{
    return store->mode != RP_STORE_READ || store->reading;
}

void rp_nodes_snapshot(struct rp_store *store)
{
    int64_t version = rp_store_data_version(store);

    if (version != store->nodes->version && store->nodes->used > 0) {
        drop_sets(store->nodes);
        make_sets(store->nodes, SETS_FIRST);
    }
    store->nodes->version = version;
}

static uint64_t hash_of(const struct rp_store *store, int kind, struct rp_str value)
{
    return rp_hash_keyed(store->secret, value) + (uint64_t)kind * UINT64_C(0x9e3779b97f4a7c15);
}

enum { TEXT_HEAD = 3 };

static enum rp_node_kind kind_of(const struct node *node)
{
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): `put` frees the old text and takes a new one */
    return (enum rp_node_kind)node->text[0];
}

static struct rp_str value_of(const struct node *node)
{
    return (struct rp_str){(const char *)node->text + TEXT_HEAD,
                           (size_t)node->text[1] << 8 | node->text[2]};
}

static uint8_t *make_text(enum rp_node_kind kind, struct rp_str value)
{
    uint8_t *text = rp_malloc(TEXT_HEAD + value.len);

    text[0] = (uint8_t)kind;
    text[1] = (uint8_t)(value.len >> 8);
    text[2] = (uint8_t)value.len;
    if (value.len)
        memcpy(text + TEXT_HEAD, value.ptr, value.len);
    return text;
}

static struct node *cached_node(const struct rp_nodes *nodes, int64_t id)
{
    if (id <= 0)
        return NULL;
    struct node *set = &nodes->nodes[((size_t)id & (nodes->sets - 1)) * WAYS];
    for (int i = 0; i < WAYS; i++)
        if (set[i].id == id)
            return &set[i];
    return NULL;
}

static size_t value_set(const struct rp_nodes *nodes, uint64_t hash)
{
    return (size_t)hash & (2 * nodes->sets - 1);
}

static uint16_t tag_of(uint64_t hash)
{
    return (uint16_t)(hash >> 48);
}

static struct node *cached_value(const struct rp_nodes *nodes, uint64_t hash, int kind,
                                 struct rp_str value)
{
    const int64_t *set = &nodes->by_value[value_set(nodes, hash) * WAYS];

    for (int i = 0; i < WAYS; i++) {
        /* The tag spares most look-ups of nodes that share the set. */
        struct node *node =
            set[i] && (uint16_t)set[i] == tag_of(hash) ? cached_node(nodes, set[i] >> 16) : NULL;
        if (node && (int)kind_of(node) == kind && rp_str_eq(value_of(node), value))
            return node;
    }
    return NULL;
}

/* Takes the node over, with its text. */
static struct node *put(struct rp_nodes *nodes, struct node from, uint64_t hash)
{
    size_t set = (size_t)from.id & (nodes->sets - 1), values = value_set(nodes, hash);
    struct node *node = cached_node(nodes, from.id);

    for (int i = 0; i < WAYS && !node; i++)
        if (nodes->nodes[set * WAYS + (size_t)i].id == 0)
            node = &nodes->nodes[set * WAYS + (size_t)i];
    if (!node)
        node = &nodes->nodes[set * WAYS + nodes->next_node[set]++ % WAYS];
    nodes->used += node->id == 0;
    free(node->text);
    *node = from;
    int64_t *ids = &nodes->by_value[values * WAYS];
    int64_t tagged = from.id << 16 | tag_of(hash);
    for (int i = 0; i < WAYS; i++)
        if (ids[i] == tagged)
            return node;
    ids[nodes->next_value[values]++ % WAYS] = tagged;
    return node;
}

static void grow(struct rp_store *store)
{
    struct rp_nodes *nodes = store->nodes, old = *nodes;

    make_sets(nodes, old.sets * 2);
    for (size_t i = 0; i < old.sets * WAYS; i++) {
        struct node *node = &old.nodes[i];
        if (node->id != 0) {
            put(nodes, *node, hash_of(store, (int)kind_of(node), value_of(node)));
            node->text = NULL;
        }
    }
    drop_sets(&old);
}

static struct node *remember(struct rp_store *store, uint64_t hash, const struct rp_identity *from)
{
    struct rp_nodes *nodes = store->nodes;

    if (nodes->used >= nodes->sets * WAYS - nodes->sets / 8 && nodes->sets < SETS_MAX)
        grow(store);
    return put(nodes, (struct node){from->node, from->lead, make_text(from->kind, from->value)},
               hash);
}

static void fill(struct rp_identity *identity, const struct node *node)
{
    *identity = (struct rp_identity){
        .node = node->id,
        .lead = node->lead,
        .kind = kind_of(node),
        .value = value_of(node),
    };
}

void rp_identity_ahead(const struct rp_store *store, enum rp_node_kind kind, struct rp_str value,
                       bool soon)
{
    const struct rp_nodes *nodes = store->nodes;
    uint64_t hash = hash_of(store, (int)kind, value);
    const int64_t *set = &nodes->by_value[value_set(nodes, hash) * WAYS];

    if (!soon) {
        __builtin_prefetch(set);
        return;
    }
    for (int i = 0; i < WAYS; i++) {
        if ((uint16_t)set[i] == tag_of(hash))
            __builtin_prefetch(&nodes->nodes[((size_t)(set[i] >> 16) & (nodes->sets - 1)) * WAYS]);
    }
}

int64_t rp_node_cached(struct rp_store *store, int kind, struct rp_str value)
{
    const struct node *node = cached_value(store->nodes, hash_of(store, kind, value), kind, value);

    return node ? node->id : 0;
}

int rp_identity_find(struct rp_store *store, enum rp_node_kind kind, struct rp_str value,
                     struct rp_identity *ret_identity, struct rp_err *err)
{
    uint64_t hash = hash_of(store, (int)kind, value);
    const struct node *node = cached_value(store->nodes, hash, (int)kind, value);
    sqlite3_stmt *stmt;

    if (node && trusted(store)) {
        fill(ret_identity, node);
        ret_identity->value = value;
        return 0;
    }
    int status = rp_sql_get(store, RP_SQL_NODE_FIND, sql_find, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_text(stmt, 1, value);
    rp_bind_int(stmt, 2, kind);
    status = rp_sql_step(store, stmt, "looking an identity up", err);
    if (status < 0)
        return status;
    if (status == 0)
        return rp_err_set(err, RIPEN_ENOTFOUND, "nobody is known as %.*s", RP_STR_ARG(value));
    struct rp_identity found = {
        .node = sqlite3_column_int64(stmt, 0),
        .lead = sqlite3_column_int64(stmt, 1),
        .kind = kind,
        .value = value,
    };
    sqlite3_reset(stmt);
    remember(store, hash, &found);
    *ret_identity = found;
    return 0;
}

int rp_identity_add(struct rp_store *store, enum rp_node_kind kind, struct rp_str value,
                    int64_t lead, int64_t first_ms, int64_t *ret_node, struct rp_err *err)
{
    sqlite3_stmt *stmt;

    rp_store_writing(store);
    RP_ASSERT(kind >= RP_NODE_USER && kind <= RP_NODE_EMAIL && lead > 0);
    int status = rp_sql_get(store, RP_SQL_NODE_ADD, sql_add, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    rp_bind_int(stmt, 2, kind);
    rp_bind_int(stmt, 3, first_ms);
    rp_bind_text(stmt, 4, value);
    status = rp_sql_run(store, stmt, "adding an identity", err);
    if (status < 0)
        return status;
    struct rp_identity added = {sqlite3_last_insert_rowid(store->db), lead, kind, value};
    remember(store, hash_of(store, (int)kind, value), &added);
    store->nodes->touched = true;
    *ret_node = added.node;
    return 0;
}

int rp_identity_move(struct rp_store *store, int64_t node, int64_t lead, struct rp_err *err)
{
    sqlite3_stmt *stmt;

    rp_store_writing(store);
    RP_ASSERT(lead > 0);
    int status = rp_sql_get(store, RP_SQL_NODE_MOVE, sql_move, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, node);
    rp_bind_int(stmt, 2, lead);
    status = rp_sql_run(store, stmt, "moving an identity", err);
    if (status < 0)
        return status;
    if (sqlite3_changes(store->db) == 0)
        return rp_err_set(err, RIPEN_ENOTFOUND, "there is no identity %lld", (long long)node);
    struct node *cached = cached_node(store->nodes, node);
    if (cached)
        cached->lead = lead;
    store->nodes->touched = true;
    return 0;
}

/* Leaves the statement on its row when 1. */
static int get_row(struct rp_store *store, int64_t node, sqlite3_stmt **ret_stmt,
                   struct rp_err *err)
{
    int status = rp_sql_get(store, RP_SQL_NODE_GET, sql_get, ret_stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(*ret_stmt, 1, node);
    return rp_sql_step(store, *ret_stmt, "reading an identity", err);
}

static int load_node(struct rp_store *store, int64_t id, struct node **ret_node, struct rp_err *err)
{
    sqlite3_stmt *stmt;

    *ret_node = trusted(store) ? cached_node(store->nodes, id) : NULL;
    if (*ret_node)
        return 0;
    int status = get_row(store, id, &stmt, err);
    if (status < 0)
        return status;
    if (status == 0)
        return rp_err_set(err, RIPEN_ENOTFOUND, "there is no identity %lld", (long long)id);
    struct rp_identity found = {
        .node = id,
        .lead = sqlite3_column_int64(stmt, 0),
        .kind = (enum rp_node_kind)sqlite3_column_int(stmt, 1),
        .value = rp_column_view(stmt, 2),
    };
    *ret_node = remember(store, hash_of(store, (int)found.kind, found.value), &found);
    sqlite3_reset(stmt);
    return 0;
}

int64_t rp_identity_newest(struct rp_store *store)
{
    return rp_sql_number(store, RP_SQL_NODE_NEWEST, sql_node_newest, 0);
}

int64_t rp_identity_lead(struct rp_store *store, int64_t node)
{
    struct node *found;

    if (node <= 0 || load_node(store, node, &found, NULL) < 0)
        return 0;
    return found->lead;
}

int rp_identity_get(struct rp_arena *arena, struct rp_store *store, int64_t node,
                    struct rp_identity *ret_identity, struct rp_err *err)
{
    struct node *found;
    int status = load_node(store, node, &found, err);

    if (status < 0)
        return status;
    fill(ret_identity, found);
    ret_identity->value = rp_arena_str(arena, ret_identity->value);
    return 0;
}

int rp_lead_add(struct rp_store *store, struct rp_str public_id, int64_t created_ms,
                int64_t *ret_lead, struct rp_err *err)
{
    sqlite3_stmt *stmt;

    rp_store_writing(store);
    RP_ASSERT(public_id.len > 0);
    int status = rp_sql_get(store, RP_SQL_LEAD_ADD, sql_lead_add, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_text(stmt, 1, public_id);
    rp_bind_int(stmt, 2, created_ms);
    status = rp_sql_run(store, stmt, "adding a lead", err);
    if (status < 0)
        return status;
    *ret_lead = sqlite3_last_insert_rowid(store->db);
    return 0;
}

int rp_lead_merged(struct rp_store *store, int64_t lead, int64_t into, struct rp_err *err)
{
    sqlite3_stmt *stmt;

    rp_store_writing(store);
    RP_ASSERT(lead != into);
    int status = rp_sql_get(store, RP_SQL_LEAD_MERGED, sql_lead_merged, &stmt, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, lead);
    rp_bind_int_or_null(stmt, 2, into);
    return rp_sql_run(store, stmt, "merging leads", err);
}

int rp_lead_by_public_id(struct rp_store *store, struct rp_str public_id, int64_t *ret_lead,
                         struct rp_err *err)
{
    sqlite3_stmt *stmt;
    int64_t lead, into;
    int status = rp_sql_get(store, RP_SQL_LEAD_FIND, sql_lead_find, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_text(stmt, 1, public_id);
    status = rp_sql_step(store, stmt, "looking a lead up", err);
    if (status < 0)
        return status;
    if (status == 0)
        return rp_err_set(err, RIPEN_ENOTFOUND, "there is no lead %.*s", RP_STR_ARG(public_id));
    lead = sqlite3_column_int64(stmt, 0);
    into = sqlite3_column_int64(stmt, 1);
    sqlite3_reset(stmt);
    for (int i = 0; into != 0; i++) {
        if (i == CHAIN_MAX)
            return rp_err_set(err, RIPEN_ESTORE, "lead %.*s is merged into itself",
                              RP_STR_ARG(public_id));
        lead = into;
        status = rp_sql_get(store, RP_SQL_LEAD_INTO, sql_lead_into, &stmt, err);
        if (status < 0)
            return status;
        rp_bind_int(stmt, 1, lead);
        status = rp_sql_step(store, stmt, "looking a lead up", err);
        if (status < 0)
            return status;
        into = status == 1 ? sqlite3_column_int64(stmt, 0) : 0;
        sqlite3_reset(stmt);
    }
    *ret_lead = lead;
    return 0;
}
