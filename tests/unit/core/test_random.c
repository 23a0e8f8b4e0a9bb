/* SPDX-License-Identifier: MIT */
/* Random streams of events against the laws. A stream of few people with shared browsers, aliases,
 * e-mails, copies and late events goes into a file in random groups, over several lives of the
 * process that end in a crash or a close, with a full disk and idle work in between. Afterwards:
 *
 *   - every state is the fold of its events; a view behind the watermark equals the one after it
 *   - each node is in one living lead, each event row is reached from one lead
 *   - decisions of a lead form a chain that ends in its stage; each action is taken once
 *   - the same events one by one in memory give the same leads and scores
 *
 * A second stream of people whose ids agree is sent in any order. RIPEN_RANDOM_SEEDS=500 tries more
 * of both, RIPEN_RANDOM_FIRST=n begins with seed n. */
#include "core_test.h"
#include "groups.h"
#include "model/lead.h"
#include "store/decisions.h"
#include "store/events.h"
#include "store/identities.h"
#include "store/reports.h"
#include "store/states.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MINUTE    INT64_C(60000)
#define EVENT_MAX 160
#define LIVES     3
#define TIME_TEXT 32

static const char rules[] =
    "dimension \"engagement\" { range = {0, 200}, half_life = \"21d\" }\n"
    "dimension \"intent\" { range = {0, 100}, decay = \"none\" }\n"
    "dimension \"fit\" { range = {0, 100}, kind = \"state\" }\n"
    "total { fit = 1, engagement = 1, intent = 2 }\n"
    "group \"web\" { dimension = \"engagement\", cap = 25, per = \"2d\" }\n"
    "score \"page\" { why = \"Looked at a page\", on = \"page\", points = 1, group = \"web\" }\n"
    "score \"pricing\" { why = \"Looked at prices\", on = \"page\", when = { path = glob "
    "\"/pricing*\" },\n"
    "  points = 10, limit = { times = 3, per = \"7d\" }, cooldown = \"30m\" }\n"
    "score \"once\" { why = \"Reads\", on = \"page\", points = 2, once_per = \"path\" }\n"
    "score \"form\" { why = \"Sent a form\", on = \"Form Submitted\", points = 5 }\n"
    "score \"first\" { why = \"First form\", on = \"Form Submitted\", points = 7, once = true,\n"
    "  dimension = \"intent\" }\n"
    "fit \"vp\" { why = \"Job title\", field = \"title\", missing = 0, other = 0, words = {\n"
    "  { any = { \"vp\" }, points = 20 } } }\n"
    "stages { \"visitor\", \"lead\", \"mql\", \"sql\" }\n"
    "stage \"lead\" { enter = known() }\n"
    "stage \"mql\" { enter = at_least { engagement = 20 }, leave = below { engagement = 10 },\n"
    "  leave_to = \"lead\" }\n"
    "stage \"sql\" { from = { \"visitor\", \"lead\", \"mql\" }, enter = did \"Demo Requested\",\n"
    "  terminal = true }\n"
    "action \"thanks\" { on = did \"Form Submitted\", webhook { to = endpoint \"crm\", body = {\n"
    "  form = \"{event.form|none}\" } } }\n"
    "action \"hand_over\" { on = entered \"sql\", webhook { to = endpoint \"crm\", body = {\n"
    "  why = \"{reasons.top(2)}\" } }, set { handed = \"yes\" } }\n";

struct sent {
    char json[700]; /* but for its end */
    char message[16];
    int64_t received_ms;
    bool is_public, form;
    bool shared; /* its messageId is used under several identities */
    int group;   /* number of the run that takes it */
};

struct world {
    uint64_t random;
    unsigned seed;
    struct sent sent[EVENT_MAX];
    int count, groups, users, anonymous, emails;
};

static unsigned seed_now; /* of the messages */
static bool in_child;

static void __attribute__((format(printf, 1, 2), noreturn)) die(const char *fmt, ...)
{
    char text[2048];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (in_child) {
        fprintf(stderr, "seed %u: %s\n", seed_now, text);
        _exit(1);
    }
    fail_msg("seed %u: %s", seed_now, text);
    abort();
}

static int below(struct world *w, int limit)
{
    uint64_t z = w->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (int)((z ^ z >> 31) % (uint64_t)limit);
}

static bool chance(struct world *w, int percent)
{
    return below(w, 100) < percent;
}

/* ---- Streams
 * ----------------------------------------------------------------------------------------- */

static void put_ids(struct world *w, char *out, size_t size)
{
    static const struct {
        bool user, anonymous, email;
    } kinds[] = {{false, true, false}, {false, true, false}, {true, false, false},
                 {true, true, false},  {false, false, true}, {false, true, true},
                 {true, false, true},  {true, true, true}};
    int kind = below(w, (int)(sizeof(kinds) / sizeof(kinds[0])));
    size_t len = 0;

    out[0] = '\0';
    if (kinds[kind].user) {
        len += (size_t)snprintf(out + len, size - len, "\"userId\":\"u%d\",", below(w, w->users));
    }
    if (kinds[kind].anonymous) {
        len += (size_t)snprintf(out + len, size - len, "\"anonymousId\":\"a%d\",",
                                below(w, w->anonymous));
    }
    if (kinds[kind].email) {
        (void)snprintf(out + len, size - len,
                       "\"context\":{\"traits\":{\"email\":\"E%d@x.test\"}},", below(w, w->emails));
    }
}

static void put_what(struct world *w, struct sent *sent, char *out, size_t size)
{
    int kind = below(w, 20);

    sent->form = kind >= 10 && kind < 15;
    if (kind < 10) {
        snprintf(out, size, "\"type\":\"page\",\"properties\":{\"path\":\"%s%d\"},",
                 chance(w, 50) ? "/pricing" : "/blog", below(w, 4));
    } else if (sent->form) {
        snprintf(out, size, "\"type\":\"track\",\"event\":\"Form Submitted\",");
    } else if (kind == 15) {
        snprintf(out, size, "\"type\":\"track\",\"event\":\"Demo Requested\",");
    } else if (kind == 16) {
        snprintf(out, size, "\"type\":\"alias\",\"previousId\":\"a%d\",", below(w, w->anonymous));
    } else {
        snprintf(out, size, "\"type\":\"identify\",\"traits\":{\"title\":\"%s\",\"n\":%d},",
                 chance(w, 50) ? "VP" : "clerk", below(w, 9));
    }
}

static void stamp(int64_t at_ms, char out[TIME_TEXT])
{
    struct rp_buf buf = {0};

    rp_time_print(&buf, at_ms);
    snprintf(out, TIME_TEXT, "%s", buf.ptr);
    rp_buf_fini(&buf);
}

/* One more event of the world at its receivedAt; a copy of an earlier one now and then. */
static void add_event(struct world *w, int64_t now_ms)
{
    struct sent *sent = &w->sent[w->count];
    struct sent *like = w->count > 0 && chance(w, 20) ? &w->sent[below(w, w->count)] : NULL;
    char when[TIME_TEXT];
    char what[200];
    char number[16];
    char ids[200];

    if (like && chance(w, 60)) { /* the same request again */
        *sent = *like;
    } else {
        put_ids(w, ids, sizeof(ids));
        if (like) { /* the same message under other ids, or with a name for them */
            const char *body = strstr(like->json, "\"messageId\"");

            if (chance(w, 50)) {
                snprintf(ids, sizeof(ids), "\"userId\":\"u%d\",", below(w, w->users));
                body = like->json + 1;
            }
            *sent = *like;
            like->shared = sent->shared = true;
            snprintf(sent->json, sizeof(sent->json), "{%s%s", ids, body);
        } else {
            snprintf(number, sizeof(number), "m%d", w->count);
            put_what(w, sent, what, sizeof(what));
            stamp(now_ms - (chance(w, 25) ? MINUTE * below(w, 20000) : MINUTE * below(w, 3)), when);
            sent->is_public = chance(w, 40);
            snprintf(sent->json, sizeof(sent->json), "{%s\"messageId\":\"%s\",%s\"%s\":\"%s\"", ids,
                     number, what, chance(w, 50) ? "timestamp" : "unknown", when);
            memcpy(sent->message, number, sizeof(number));
        }
    }
    for (int i = 0; i < w->count; i++) { /* all copies know */
        if (strcmp(w->sent[i].message, sent->message) == 0) {
            w->sent[i].shared = w->sent[i].shared || sent->shared;
        }
    }
    sent->received_ms = now_ms;
    w->count++;
}

static void make_world(struct world *w, unsigned seed)
{
    int64_t now_ms = T0;
    int room;

    *w = (struct world){.random = seed * UINT64_C(7919), .seed = seed};
    w->users = chance(w, 50) ? 3 : 20;
    w->anonymous = chance(w, 50) ? 5 : 50;
    w->emails = chance(w, 50) ? 3 : 30;
    room = 40 + below(w, EVENT_MAX - 40);
    while (w->count < room) {
        int size = 1 + (chance(w, 50) ? below(w, 12) : 0);

        now_ms += MINUTE * below(w, 300);
        for (int i = 0; i < size && w->count < room; i++) {
            add_event(w, now_ms);
            w->sent[w->count - 1].group = w->groups;
        }
        w->groups++;
    }
}

/* ---- Sending
 * ----------------------------------------------------------------------------------------- */

static struct rp_batch *parse(const struct sent *sent)
{
    struct rp_envelope envelope = {.received_ms = sent->received_ms,
                                   .sent_ms = RP_NEVER,
                                   .trust_received = !sent->is_public,
                                   .public_key = sent->is_public,
                                   .flags = sent->is_public ? RP_EVENT_PUBLIC : 0};
    struct rp_batch *batch = rp_batch_new();
    struct rp_err err = {0};
    struct rp_str text;
    char received[TIME_TEXT];

    stamp(sent->received_ms, received);
    text = rp_arena_printf(&batch->arena, "%s,\"receivedAt\":\"%s\"}", sent->json, received);
    if (rp_batch_parse(batch, text, &envelope, NULL, &err) != 0) {
        die("%s: %s", text.ptr, err.text);
    }
    return batch;
}

static int run(struct bench *b, const struct sent *sent, int count, struct rp_err *err)
{
    struct rp_batch *first = NULL;
    struct rp_batch **end = &first;
    int status;

    for (int i = 0; i < count; i++) {
        *end = parse(&sent[i]);
        end = &(*end)->next;
    }
    status = rp_core_run(b->core, first, err);
    while (first) {
        struct rp_batch *next = first->next;

        if (status == 0 && first->rejected > 0) {
            die("rejected: %.*s", RP_STR_ARG(first->items[0].message));
        }
        rp_batch_free(first);
        first = next;
    }
    return status;
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_FSIZE, &limit) != 0) {
        die("getrlimit");
    }
    limit.rlim_cur = bytes;
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) {
        die("setrlimit");
    }
}

static void run_group(struct world *w, struct bench *b, int first, int count)
{
    bool full = chance(w, 15);
    struct rp_err err = {0};
    int status;

    if (full) {
        limit_files((rlim_t)below(w, 400000));
    }
    status = run(b, &w->sent[first], count, &err);
    if (full) {
        if (status != 0 && chance(w, 30)) {
            (void)rp_core_idle(b->core);
        }
        limit_files(RLIM_INFINITY);
        if (status != 0) {
            status = run(b, &w->sent[first], count, &err);
        }
    }
    if (status != 0) {
        die("a run failed: %s", err.text);
    }
    b->now_ms += chance(w, 30) ? 1100 : 10;
    for (int i = below(w, 4); i > 0 && chance(w, 60) && rp_core_idle(b->core); i--) {
    }
    if (chance(w, 5)) {
        status = rp_core_flush(b->core, &err);
    }
    if (status != 0) {
        die("a flush failed: %s", err.text);
    }
}

/* ---- What must hold
 * ---------------------------------------------------------------------------------- */

static size_t check_lead(struct rp_arena *arena, struct rp_store *store, int64_t id,
                         int64_t *node_leads, bool *row_seen)
{
    struct rp_move_row *moves;
    struct rp_err err = {0};
    struct rp_lead lead;
    struct rp_str stage;
    size_t count;
    size_t rows = 0;
    const struct rp_head *heads;

    rp_lead_init(&lead);
    if (rp_state_load(store, id, &lead, &stage, &err) != 0) {
        die("lead %lld: %s", (long long)id, err.text);
    }
    heads = rp_lead_heads(&lead, &count);
    if (count == 0) {
        die("lead %lld has no nodes", (long long)id);
    }
    for (size_t i = 0; i < count; i++) {
        if (rp_identity_lead(store, heads[i].node) != id || node_leads[heads[i].node] != 0) {
            die("node %lld is not of lead %lld alone", (long long)heads[i].node, (long long)id);
        }
        node_leads[heads[i].node] = id;
        for (int64_t at = heads[i].event; at != 0; rows++) {
            struct rp_event event;

            if (row_seen[at] || rp_event_read(arena, store, at, &event, &at, &err) != 0) {
                die("event %lld of lead %lld: %s", (long long)at, (long long)id, err.text);
            }
            if (row_seen[event.id] || event.node != heads[i].node) {
                die("event %lld stands in a wrong chain", (long long)event.id);
            }
            row_seen[event.id] = true;
        }
    }
    if (rp_move_list(arena, store, id, &moves, &count, &err) != 0) {
        die("%s", err.text);
    }
    for (size_t i = 0; i < count; i++) {
        if (i > 0 ? !rp_str_eq(moves[i].from, moves[i - 1].to)
                  : !rp_str_is(moves[i].from, "visitor")) {
            die("decision %lld of lead %lld does not follow the one before", (long long)moves[i].id,
                (long long)id);
        }
    }
    if (count > 0 ? !rp_str_eq(stage, moves[count - 1].to) : !rp_str_is(stage, "visitor")) {
        die("lead %lld is %.*s, but the last of %zu decisions says otherwise", (long long)id,
            RP_STR_ARG(stage), count);
    }
    rp_lead_fini(&lead);
    return rows;
}

/* After a flush: leads, nodes, chains, decisions. */
static void check_leads(struct bench *b)
{
    struct rp_store *store = rp_core_store(b->core);
    int64_t newest = rp_event_newest(store);
    int64_t node_leads[4 * EVENT_MAX] = {0};
    bool *row_seen = calloc((size_t)newest + 1, sizeof(bool));
    int64_t ids[4 * EVENT_MAX];
    struct rp_arena arena;
    struct rp_err err = {0};
    size_t rows = 0;
    int count = rp_state_ids(store, 0, ids, 4 * EVENT_MAX, &err);

    rp_arena_init(&arena);
    for (int i = 0; i < count; i++) {
        rows += check_lead(&arena, store, ids[i], node_leads, row_seen);
    }
    for (int64_t node = 1; node <= rp_identity_newest(store); node++) {
        if (node_leads[node] == 0) {
            die("node %lld is of no lead that lives", (long long)node);
        }
    }
    if (rows != (size_t)newest) {
        die("%zu of %lld events are reached", rows, (long long)newest);
    }
    rp_arena_fini(&arena);
    free(row_seen);
}

static void check_states(struct bench *b)
{
    struct rp_verified verified;
    struct rp_buf out = {0};
    struct rp_err err = {0};

    if (rp_core_flush(b->core, &err) != 0 ||
        rp_reader_verify(b->reader, &verified, &out, &err) != 0) {
        die("%s", err.text);
    }
    if (verified.different > 0 || verified.skipped > 0) {
        die("%zu skipped, %s", verified.skipped, out.ptr ? out.ptr : "");
    }
    rp_buf_fini(&out);
}

/* A message of one identity alone has its action exactly once. */
static void check_actions(const struct world *w, struct bench *b)
{
    struct rp_store *store = rp_core_store(b->core);
    struct rp_outbox_row *rows;
    struct rp_arena arena;
    struct rp_err err = {0};
    size_t count = 0;
    int taken[EVENT_MAX] = {0};

    rp_arena_init(&arena);
    if (rp_outbox_list(&arena, store, -1, 0, 0, 10000, &rows, &count, &err) != 0) {
        die("%s", err.text);
    }
    for (size_t i = 0; i < count; i++) {
        struct rp_event event;
        int64_t prev;

        if (!rp_str_is(rows[i].action, "thanks")) {
            continue;
        }
        if (rp_event_read(&arena, store, rows[i].event, &event, &prev, &err) != 0) {
            die("%s", err.text);
        }
        taken[strtol(event.message_id.ptr + 1, NULL, 10)]++;
    }
    for (int i = 0; i < w->count; i++) {
        long number = strtol(w->sent[i].message + 1, NULL, 10);

        if (!w->sent[i].shared && taken[number] != w->sent[i].form) {
            die("%s: %d actions", w->sent[i].message, taken[number]);
        }
    }
    rp_arena_fini(&arena);
}

/* Who somebody is and how he scores: "" when unknown. `whole`: all that is told of him. */
static char *somebody(struct bench *b, char kind, int number, bool whole)
{
    char name[32];
    char *text;
    char *stage;
    char *total;
    char *after;

    snprintf(name, sizeof(name), kind == 'e' ? "%c%d@x.test" : "%c%d", kind, number);
    text = bench_lead(b, name);
    if (text[0] == '\0' || whole) {
        return text;
    }
    stage = strstr(text, "\"stage\":");
    total = strstr(text, "\"total\":");
    after = strstr(text, "\"stages\":[");
    memmove(stage, total, (size_t)(after - total));
    stage[after - total] = '\0';
    memmove(text, strstr(text, "\"userId\""), strlen(strstr(text, "\"userId\"")) + 1);
    return text;
}

typedef void everybody_fn(void *ctx, char kind, int number);

static void everybody(const struct world *w, everybody_fn *visit, void *ctx)
{
    for (int i = 0; i < w->users; i++) {
        visit(ctx, 'u', i);
    }
    for (int i = 0; i < w->anonymous; i++) {
        visit(ctx, 'a', i);
    }
    for (int i = 0; i < w->emails; i++) {
        visit(ctx, 'e', i);
    }
}

struct pair {
    struct bench *one;
    char *texts[200];
    size_t at;
    bool whole;
};

static void keep_text(void *ctx, char kind, int number)
{
    struct pair *pair = ctx;

    pair->texts[pair->at++] = somebody(pair->one, kind, number, pair->whole);
}

static void compare_text(void *ctx, char kind, int number)
{
    struct pair *pair = ctx;
    char *before = pair->texts[pair->at++];
    char *now = somebody(pair->one, kind, number, pair->whole);

    if (strcmp(before, now) != 0) {
        die("%c%d\n  was %s\n  is  %s", kind, number, before, now);
    }
    free(before);
    free(now);
}

/* The views of all before and behind `change` are equal. */
static void check_views(const struct world *w, struct bench *b, struct bench *then, bool whole)
{
    struct pair pair = {.one = b, .whole = whole};
    struct rp_err err = {0};

    everybody(w, keep_text, &pair);
    if (!then && rp_core_flush(b->core, &err) != 0) {
        die("%s", err.text);
    }
    pair.one = then ? then : b;
    pair.at = 0;
    everybody(w, compare_text, &pair);
}

/* A reader with a connection and rules of its own says what the core's says. */
static void check_reader(const struct world *w, struct bench *b)
{
    struct rp_reader *beside;
    struct bench other = *b;
    struct rp_err err = {0};

    if (rp_reader_open("random.db", NULL, NULL, &beside, &err) != 0) {
        die("%s", err.text);
    }
    other.reader = beside;
    for (int i = 0; i < w->users; i++) {
        char *one = somebody(b, 'u', i, true);
        char *two = somebody(&other, 'u', i, true);

        if (strcmp(one, two) != 0) {
            die("u%d\n  the core says   %s\n  the reader says %s", i, one, two);
        }
        free(one);
        free(two);
    }
    rp_reader_close(beside);
}

/* ---- The tests
 * --------------------------------------------------------------------------------------- */

static void live(struct world *w, int number)
{
    struct bench b;

    in_child = true;
    bench_open(&b, "random.db", rules);
    for (int i = 0; i < w->count;) {
        int first = i;
        int group = w->sent[i].group;

        while (i < w->count && w->sent[i].group == group) {
            i++;
        }
        if (group * LIVES / w->groups == number) {
            run_group(w, &b, first, i - first);
        }
        if (group * LIVES / w->groups == number && chance(w, 10)) {
            check_reader(w, &b);
            check_views(w, &b, NULL, true);
            check_states(&b);
            check_leads(&b);
        }
    }
    if (chance(w, 30)) {
        bench_close(&b);
    }
    _exit(0);
}

static void in_lives(struct world *w)
{
    struct bench one;
    struct bench file;
    struct rp_err err = {0};

    for (int life = 0; life < LIVES; life++) {
        int status = 0;
        pid_t child = fork();

        if (child == 0) {
            w->random += (uint64_t)life;
            live(w, life);
        }
        if (waitpid(child, &status, 0) != child || status != 0) {
            die("life %d ended with %d", life, status);
        }
    }
    bench_open(&file, "random.db", rules);
    check_views(w, &file, NULL, true);
    check_states(&file);
    check_leads(&file);
    check_actions(w, &file);
    bench_open(&one, NULL, rules);
    for (int i = 0; i < w->count; i++) {
        if (run(&one, &w->sent[i], 1, &err) != 0) {
            die("%s", err.text);
        }
    }
    check_states(&one);
    check_leads(&one);
    check_actions(w, &one);
    check_views(w, &file, &one, false);
    bench_close(&one);
    bench_close(&file);
    (void)unlink("random.db");
    (void)unlink("random.db-lock");
}

/* People whose ids agree: whatever comes first, they are the same at the end. */
static void make_people(struct world *w, unsigned seed)
{
    char when[TIME_TEXT];
    char what[200];
    char number[16];

    *w = (struct world){.random = seed * UINT64_C(104729), .seed = seed, .users = 4};
    w->anonymous = 2 * w->users;
    w->emails = w->users;
    for (; w->count < 60; w->count++) {
        struct sent *sent = &w->sent[w->count];
        int user = w->count % w->users;
        int browser = 2 * user + w->count / w->users % 2;
        bool naming = w->count < 2 * w->users;
        int ids = below(w, 3);
        char names[100];

        snprintf(number, sizeof(number), "m%d", w->count);
        memcpy(sent->message, number, sizeof(number));
        sent->received_ms = T0;
        stamp(T0 - MINUTE * below(w, 20000), when);
        do {
            put_what(w, sent, what, sizeof(what));
        } while (strstr(what, "alias"));
        if (naming) {
            snprintf(
                what, sizeof(what),
                "\"type\":\"identify\",\"traits\":{\"email\":\"e%d@x.test\",\"title\":\"%s\"},",
                user, chance(w, 50) ? "VP" : "clerk");
        }
        snprintf(names, sizeof(names), "\"anonymousId\":\"a%d\",\"userId\":\"u%d\",", browser,
                 user);
        if (!naming && ids == 0) {
            snprintf(names, sizeof(names), "\"anonymousId\":\"a%d\",", browser);
        } else if (!naming && ids == 1) {
            snprintf(names, sizeof(names), "\"userId\":\"u%d\",", user);
        }
        snprintf(sent->json, sizeof(sent->json), "{%s\"messageId\":\"%s\",%s\"timestamp\":\"%s\"",
                 names, number, what, when);
    }
}

static void shuffle(struct world *w)
{
    for (int i = w->count - 1; i > 0; i--) {
        int other = below(w, i + 1);
        struct sent swap = w->sent[i];

        w->sent[i] = w->sent[other];
        w->sent[other] = swap;
    }
    for (int i = 0; i < 8; i++) { /* copies */
        w->sent[w->count] = w->sent[below(w, w->count)];
        w->count++;
    }
}

static void in_any_order(struct world *w)
{
    struct bench orders[2];
    struct rp_err err = {0};

    for (int which = 0; which < 2; which++) {
        bench_open(&orders[which], NULL, rules);
        for (int i = 0; i < w->count;) {
            int size = which == 0 ? 1 : 1 + below(w, 8);

            size = size < w->count - i ? size : w->count - i;
            if (run(&orders[which], &w->sent[i], size, &err) != 0) {
                die("%s", err.text);
            }
            i += size;
        }
        check_states(&orders[which]);
        check_leads(&orders[which]);
        if (which == 0) {
            shuffle(w);
        }
    }
    for (int i = 0; i < w->users; i++) {
        char *one = somebody(&orders[0], 'u', i, false);
        char *two = somebody(&orders[1], 'u', i, false);

        /* Browsers stand in the order of their arrival. */
        if (strcmp(strstr(one, "\"total\""), strstr(two, "\"total\"")) != 0) {
            die("u%d\n  one after the other %s\n  shuffled            %s", i, one, two);
        }
        free(one);
        free(two);
    }
    bench_close(&orders[0]);
    bench_close(&orders[1]);
}

static int number_of(const char *variable, int otherwise)
{
    const char *text = getenv(variable);

    return text ? (int)strtol(text, NULL, 10) : otherwise;
}

static void random_streams(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    char path[64];
    int first = number_of("RIPEN_RANDOM_FIRST", 1);
    int seeds = number_of("RIPEN_RANDOM_SEEDS", 24);

    (void)state;
    snprintf(path, sizeof(path), "%s/ripen-random-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(path));
    assert_int_equal(chdir(path), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    for (int seed = first; seed < first + seeds; seed++) {
        seed_now = (unsigned)seed;
        make_world(w, seed_now);
        in_lives(w);
        make_people(w, seed_now);
        in_any_order(w);
    }
    assert_int_equal(chdir("/"), 0);
    (void)rmdir(path);
    free(w);
}

int test_random(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_streams)};

    return cmocka_run_group_tests_name("core: random", tests, NULL, NULL);
}
