/* SPDX-License-Identifier: MIT */
/* Event rows. An append touches the last page of one table and nothing else; so there is no index
 * on it, times are differences, names and shared ends of bodies are numbers, and a UUID is 16
 * bytes. What an event says of identifiers beside its own node is a number of a node where one is
 * known. Reading gives back what was appended, but for `email`, which stands in the body: it is
 * filled only when the event's node is an e-mail. */
#include "store/events.h"

#include "base/mem.h"
#include "store/identities.h"
#include "store/store_priv.h"

#include <stdlib.h>

#define UUID_LEN   36
#define UUID_BYTES 16
#define COLUMNS                                                                                    \
    "id, node, prev, kind, name, message_id, received_ms, effective_lag, sent_lag, original_lag, " \
    "user, anonymous, previous_id, group_id, tail, body"

static const char sql_add[] =
    "INSERT INTO event_rows (id, node, prev, kind, name, message_id, received_ms, effective_lag, "
    "sent_lag, original_lag, user, anonymous, previous_id, group_id, tail, body, granted) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
static const char sql_get[] = "SELECT " COLUMNS " FROM event_rows WHERE id = ?1";
static const char sql_next[] = "SELECT " COLUMNS " FROM event_rows WHERE id > ?1 ORDER BY id";
static const char sql_newest[] = "SELECT max(id) FROM event_rows";

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_dash(size_t at)
{
    return at == 8 || at == 13 || at == 18 || at == 23;
}

/* Only the lower-case form: the text must come back as it was. */
static bool uuid_pack(struct rp_str text, uint8_t out[UUID_BYTES])
{
    size_t n = 0;

    if (text.len != UUID_LEN)
        return false;
    for (size_t i = 0; i < UUID_LEN; i++) {
        if (is_dash(i)) {
            if (text.ptr[i] != '-')
                return false;
            continue;
        }
        int high = hex_value(text.ptr[i]), low = hex_value(text.ptr[i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[n++] = (uint8_t)(high << 4 | low);
        i++;
    }
    return true;
}

struct rp_str rp_message_text(sqlite3_stmt *stmt, int at, char buf[RP_MESSAGE_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    static const uint8_t places[UUID_BYTES] = {0,  2,  4,  6,  9,  11, 14, 16,
                                               19, 21, 24, 26, 28, 30, 32, 34};
    struct rp_str bytes = rp_column_view(stmt, at);

    if (bytes.len != UUID_BYTES || sqlite3_column_type(stmt, at) != SQLITE_BLOB)
        return bytes;
    for (size_t i = 0; i < UUID_BYTES; i++) {
        unsigned char byte = (unsigned char)bytes.ptr[i];
        buf[places[i]] = digits[byte >> 4];
        buf[places[i] + 1] = digits[byte & 15];
    }
    buf[8] = buf[13] = buf[18] = buf[23] = '-';
    buf[36] = '\0';
    return (struct rp_str){buf, 36};
}

int64_t rp_event_newest(struct rp_store *store)
{
    return rp_sql_number(store, RP_SQL_EVENT_NEWEST, sql_newest, 0);
}

/* The difference to the time of reception; NULL when the time is not known. */
static void bind_lag(sqlite3_stmt *stmt, int at, int64_t received_ms, int64_t ms)
{
    rp_bind_time(stmt, at, ms == RP_NEVER ? RP_NEVER : received_ms - ms);
}

static int bind_name(struct rp_store *store, sqlite3_stmt *stmt, int at, struct rp_str name,
                     struct rp_err *err)
{
    int64_t id;
    int status = rp_name_bounded(store, name, &id, err);

    if (status < 0)
        return status;
    if (id == 0 && name.len > 0)
        rp_bind_text(stmt, at, name);
    else
        rp_bind_int_or_null(stmt, at, id);
    return 0;
}

/* An identifier that the event carries: NULL when its own node says it already. */
static void bind_identifier(struct rp_store *store, sqlite3_stmt *stmt, int at, int64_t node,
                            int64_t other, enum rp_node_kind kind, struct rp_str value)
{
    if (value.len == 0)
        other = node;
    else if (other == 0)
        other = rp_node_cached(store, (int)kind, value);

    if (other == 0)
        rp_bind_text(stmt, at, value);
    else
        rp_bind_int_or_null(stmt, at, other == node ? 0 : other);
}

static void bind_optional(sqlite3_stmt *stmt, int at, struct rp_str text)
{
    if (text.len > 0)
        rp_bind_text(stmt, at, text);
    else
        rp_bind_int_or_null(stmt, at, 0);
}

int rp_event_append(struct rp_store *store, const struct rp_event *event, int64_t prev,
                    struct rp_str granted, int64_t *ret_id, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    uint8_t uuid[UUID_BYTES];
    size_t head;
    int64_t tail;

    rp_store_writing(store);
    RP_ASSERT(event->node > 0 && event->message_id.len > 0);
    RP_ASSERT(event->received_ms != RP_NEVER && event->effective_ms != RP_NEVER);
    if (store->newest < 0)
        store->newest = rp_event_newest(store);
    int64_t id = store->newest + 1;
    RP_ASSERT(prev >= 0 && prev < id);
    int status = rp_sql_get(store, RP_SQL_EVENT_ADD, sql_add, &stmt, err);
    if (status == 0)
        status = rp_tail_cut(store, event, &head, &tail, err);
    if (status == 0)
        status = bind_name(store, stmt, 5, event->name, err);
    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, id);
    rp_bind_int(stmt, 2, event->node);
    rp_bind_int_or_null(stmt, 3, prev > 0 ? id - prev : 0);
    rp_bind_int(stmt, 4, (int64_t)event->type | (int64_t)event->flags << 3);
    if (uuid_pack(event->message_id, uuid))
        rp_bind_blob(stmt, 6, uuid, sizeof(uuid));
    else
        rp_bind_text(stmt, 6, event->message_id);
    rp_bind_int(stmt, 7, event->received_ms);
    rp_bind_int(stmt, 8, event->received_ms - event->effective_ms);
    bind_lag(stmt, 9, event->received_ms, event->sent_ms);
    bind_lag(stmt, 10, event->received_ms, event->original_ms);
    bind_identifier(store, stmt, 11, event->node, event->user_node, RP_NODE_USER, event->user_id);
    bind_identifier(store, stmt, 12, event->node, event->anonymous_node, RP_NODE_ANONYMOUS,
                    event->anonymous_id);
    bind_optional(stmt, 13, event->previous_id);
    bind_optional(stmt, 14, event->group_id);
    rp_bind_int_or_null(stmt, 15, tail);
    rp_bind_text(stmt, 16, (struct rp_str){event->body.ptr, head});
    bind_optional(stmt, 17, granted);
    status = rp_sql_run(store, stmt, "appending an event", err);
    if (status < 0)
        return status;
    store->newest = id;
    *ret_id = id;
    return 0;
}

static int64_t read_lag(sqlite3_stmt *stmt, int at, int64_t received_ms)
{
    int64_t lag = rp_column_time(stmt, at);

    return lag == RP_NEVER ? RP_NEVER : received_ms - lag;
}

static struct rp_str read_identifier(struct rp_arena *arena, struct rp_store *store,
                                     sqlite3_stmt *stmt, int at)
{
    struct rp_identity identity;

    switch (sqlite3_column_type(stmt, at)) {
    case SQLITE_TEXT:
        return rp_column_text(arena, stmt, at);
    case SQLITE_INTEGER:
        if (rp_identity_get(arena, store, sqlite3_column_int64(stmt, at), &identity, NULL) == 0)
            return identity.value;
        return RP_STR("");
    default:
        return RP_STR("");
    }
}

/* What the event's own node says of it. */
static int read_node(struct rp_arena *arena, struct rp_store *store, struct rp_event *event,
                     struct rp_err *err)
{
    struct rp_identity identity;
    int status = rp_identity_get(arena, store, event->node, &identity, err);

    if (status < 0)
        return status;
    switch (identity.kind) {
    case RP_NODE_USER:
        event->user_id = identity.value;
        break;
    case RP_NODE_ANONYMOUS:
        event->anonymous_id = identity.value;
        break;
    case RP_NODE_EMAIL:
        event->email = identity.value;
        break;
    }
    return 0;
}

static int read_body(struct rp_arena *arena, struct rp_store *store, sqlite3_stmt *stmt,
                     struct rp_str *ret_body, struct rp_err *err)
{
    struct rp_str head = rp_column_view(stmt, 15), tail = RP_STR("");
    int64_t number = sqlite3_column_int64(stmt, 14);
    int status = number == 0 ? 0 : rp_tail_get(store, number, &tail, err);

    if (status < 0)
        return status;
    char *body = rp_arena_alloc(arena, head.len + tail.len + 1);
    if (head.len > 0)
        memcpy(body, head.ptr, head.len);
    if (tail.len > 0)
        memcpy(body + head.len, tail.ptr, tail.len);
    body[head.len + tail.len] = '\0';
    *ret_body = (struct rp_str){body, head.len + tail.len};
    return 0;
}

static int read_row(struct rp_arena *arena, struct rp_store *store, sqlite3_stmt *stmt,
                    struct rp_event *event, int64_t *ret_prev, struct rp_err *err)
{
    char message[RP_MESSAGE_TEXT];
    int64_t kind = sqlite3_column_int64(stmt, 3), back = sqlite3_column_int64(stmt, 2);

    *event = (struct rp_event){
        .id = sqlite3_column_int64(stmt, 0),
        .node = sqlite3_column_int64(stmt, 1),
        .type = (enum rp_event_type)(kind & 7),
        .flags = (uint32_t)(kind >> 3),
        .received_ms = sqlite3_column_int64(stmt, 6),
    };
    if ((kind & 7) >= RP_EVENT_TYPES)
        return rp_err_set(err, RIPEN_ESTORE, "event %lld is damaged; restore the last backup",
                          (long long)event->id);
    event->effective_ms = event->received_ms - sqlite3_column_int64(stmt, 7);
    event->sent_ms = read_lag(stmt, 8, event->received_ms);
    event->original_ms = read_lag(stmt, 9, event->received_ms);
    event->name = sqlite3_column_type(stmt, 4) == SQLITE_TEXT
                      ? rp_column_text(arena, stmt, 4)
                      : rp_store_name(store, sqlite3_column_int64(stmt, 4));
    event->message_id = rp_arena_str(arena, rp_message_text(stmt, 5, message));
    event->user_id = read_identifier(arena, store, stmt, 10);
    event->anonymous_id = read_identifier(arena, store, stmt, 11);
    event->previous_id = rp_column_text(arena, stmt, 12);
    event->group_id = rp_column_text(arena, stmt, 13);
    *ret_prev = back > 0 ? event->id - back : 0;
    int status = read_body(arena, store, stmt, &event->body, err);
    return status < 0 ? status : read_node(arena, store, event, err);
}

int rp_event_read(struct rp_arena *arena, struct rp_store *store, int64_t id,
                  struct rp_event *ret_event, int64_t *ret_prev, struct rp_err *err)
{
    sqlite3_stmt *stmt;
    struct rp_event event;
    int64_t prev;
    int status = rp_sql_get(store, RP_SQL_EVENT_GET, sql_get, &stmt, err);

    if (status < 0)
        return status;
    rp_bind_int(stmt, 1, id);
    status = rp_sql_step(store, stmt, "reading an event", err);
    if (status < 0)
        return status;
    if (status == 0)
        return rp_err_set(err, RIPEN_ENOTFOUND, "there is no event %lld", (long long)id);
    status = read_row(arena, store, stmt, &event, &prev, err);
    sqlite3_reset(stmt);
    if (status < 0)
        return status;
    *ret_event = event;
    *ret_prev = prev;
    return 0;
}

struct rp_event_cursor {
    sqlite3_stmt *stmt;
    bool ended; /* a further step would start again */
};

int rp_event_next(struct rp_arena *arena, struct rp_store *store, struct rp_event_cursor **cursor,
                  int64_t after, struct rp_event *ret_event, int64_t *ret_prev, struct rp_err *err)
{
    RP_ASSERT(store->magic == RP_STORE_MAGIC);
    if (!*cursor) {
        sqlite3_stmt *stmt;
        if (sqlite3_prepare_v2(store->db, sql_next, -1, &stmt, NULL) != SQLITE_OK)
            return rp_sql_fail(store, "reading events", err);
        rp_bind_int(stmt, 1, after);
        *cursor = rp_calloc(1, sizeof(**cursor));
        (*cursor)->stmt = stmt;
    }
    if ((*cursor)->ended)
        return 0;
    int status = rp_sql_step(store, (*cursor)->stmt, "reading events", err);
    (*cursor)->ended = status != 1;
    if (status != 1)
        return status;
    status = read_row(arena, store, (*cursor)->stmt, ret_event, ret_prev, err);
    return status < 0 ? status : 1;
}

void rp_event_cursor_free(struct rp_event_cursor *cursor)
{
    if (!cursor)
        return;
    sqlite3_finalize(cursor->stmt);
    free(cursor);
}
