/* SPDX-License-Identifier: MIT */
/* Every recorded request of a real SDK (tests/e2e/wire), byte for byte, against the expectations in
 * expected.tsv: on a server without keys, on one whose key the requests carry, and on one that
 * knows none of their keys. The server is made here with a writer that commits nothing;
 * RIPEN_URL=http://HOST:PORT replays against a running one instead (with RIPEN_KEY: as the server
 * where that key exists). */
#include "support/fake_serve.h"
#include "support/raw_http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>

#define WIRE RIPEN_SOURCE_DIR "/tests/e2e/wire/"
#define KEY  "rpn_pk_recorded-requests"

enum mode { MODE_OPEN, MODE_KEYED, MODE_STRANGERS };

struct target {
    char host[128];
    int port;
    const char *key;
    enum mode mode;
};

static char *read_file(const char *name, size_t *ret_len)
{
    char path[512];
    size_t cap = 64 * 1024;
    char *bytes = rp_malloc(cap);

    snprintf(path, sizeof(path), WIRE "%s", name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("there is no %s", path);
    *ret_len = fread(bytes, 1, cap - 1, file);
    fclose(file);
    assert_true(*ret_len > 0 && *ret_len < cap - 1);
    bytes[*ret_len] = 0;
    return bytes;
}

/* Copies the head with the recorded key replaced by another; bodies stay as they are. */
static void put_key(struct rp_buf *out, struct rp_str head, const char *key)
{
    static const char *const marks[] = {"Authorization: Basic ",
                                        "X-Write-Key: ", "writeKey=", "/v1/projects/"};
    static const char *const ends[] = {"\r", "\r", "& ", "/"};
    char user[128], packed[200];

    snprintf(user, sizeof(user), "%s:", key);
    sodium_bin2base64(packed, sizeof(packed), (unsigned char *)user, strlen(user),
                      sodium_base64_VARIANT_ORIGINAL);
    for (size_t i = 0; i < head.len;) {
        size_t m = 0;
        struct rp_str rest = {head.ptr + i, head.len - i};
        while (m < RP_COUNT(marks) && !rp_str_starts(rest, rp_str_from(marks[m])))
            m++;
        if (m == RP_COUNT(marks)) {
            rp_buf_char(out, head.ptr[i++]);
            continue;
        }
        rp_buf_text(out, marks[m]);
        rp_buf_text(out, m == 0 ? packed : key);
        i += strlen(marks[m]);
        while (!strchr(ends[m], head.ptr[i]))
            i++;
    }
}

static size_t number_behind(const char *text, const char *mark)
{
    const char *at = text ? strstr(text, mark) : NULL;

    return at ? (size_t)strtoul(at + strlen(mark), NULL, 10) : 0;
}

/* False, with a line on stderr, when the answer is not the expected one. */
static bool replay(const struct target *target, const char *name, int status, size_t events)
{
    size_t len = 0;
    char *bytes = read_file(name, &len);
    char *end = memmem(bytes, len, "\r\n\r\n", 4);
    struct rp_buf out = {0};
    struct raw_http raw;

    assert_non_null(end);
    struct rp_str head = {bytes, (size_t)(end - bytes)};
    if (target->mode == MODE_KEYED)
        put_key(&out, head, target->key);
    else
        rp_buf_str(&out, head);
    rp_buf_add(&out, end, len - head.len);
    assert_true(raw_open(&raw, target->host, target->port));
    raw_send(&raw, out.ptr, out.len);
    struct raw_answer answer = raw_answer_of(&raw, false, RAW_WAIT_MS);
    bool preflight = memcmp(bytes, "OPTIONS", 7) == 0 && answer.status == 204;
    size_t stored =
        number_behind(answer.body, "\"accepted\":") + number_behind(answer.body, "\"duplicates\":");
    bool good = answer.status == status && (status != 200 || stored == events) &&
                (!preflight || raw_header(&answer, "Access-Control-Allow-Headers")[0]);
    if (!good)
        print_error("%s: %d with %zu events, wanted %d with %zu: %s\n", name, answer.status, stored,
                    status, events, answer.body ? answer.body : "");
    raw_answer_free(&answer);
    raw_close(&raw);
    rp_buf_fini(&out);
    free(bytes);
    return good;
}

static void replay_all(const struct target *target)
{
    size_t len = 0, failed = 0, count = 0;
    char *table = read_file("expected.tsv", &len);

    for (char *line = table, *end; (end = strchr(line, '\n')); line = end + 1) {
        char name[128];
        int open = 0, keyed = 0;
        size_t events = 0;
        if (line[0] == '#')
            continue;
        assert_int_equal(sscanf(line, "%127s %d %zu %d", name, &open, &events, &keyed), 4);
        int status = target->mode == MODE_OPEN ? open : keyed;
        if (target->mode == MODE_STRANGERS && status == 200)
            status = 401;
        failed += !replay(target, name, status, events);
        count++;
    }
    free(table);
    assert_int_equal(count, 136);
    assert_int_equal(failed, 0);
}

static void replay_here(enum mode mode)
{
    struct rp_key_row row = {.prefix = {&KEY[7], 8},
                             .scope = RP_SCOPE_INGEST,
                             .is_public = true,
                             .revoked_ms = RP_NEVER};
    struct fake_options options = {.auth = {.keys = &row, .key_count = 1}};
    struct target target = {.host = "127.0.0.1", .key = KEY, .mode = mode};

    crypto_hash_sha256(row.digest, (const unsigned char *)KEY, strlen(KEY));
    options.auth.open = mode == MODE_OPEN;
    struct fake_serve *serve = fake_serve_start(&options);
    target.port = serve->port;
    replay_all(&target);
    assert_true(mode == MODE_STRANGERS ? atomic_load(&serve->events) == 0
                                       : atomic_load(&serve->events) > 300);
    fake_serve_stop(serve);
}

static void without_keys(void **state)
{
    (void)state;
    replay_here(MODE_OPEN);
}

static void with_their_key(void **state)
{
    (void)state;
    replay_here(MODE_KEYED);
}

static void with_unknown_keys(void **state)
{
    (void)state;
    replay_here(MODE_STRANGERS);
}

static void running_server(void **state)
{
    struct target target = {.key = getenv("RIPEN_KEY")};

    (void)state;
    target.mode = target.key ? MODE_KEYED : MODE_OPEN;
    if (sscanf(getenv("RIPEN_URL"), "http://%127[^:/]:%d", target.host, &target.port) != 2)
        fail_msg("RIPEN_URL must look like http://127.0.0.1:8080");
    replay_all(&target);
}

int main(void)
{
    const struct CMUnitTest here[] = {
        cmocka_unit_test(without_keys),
        cmocka_unit_test(with_their_key),
        cmocka_unit_test(with_unknown_keys),
    };
    const struct CMUnitTest there[] = {cmocka_unit_test(running_server)};

    if (getenv("RIPEN_URL"))
        return cmocka_run_group_tests_name("wire, running server", there, NULL, NULL);
    return cmocka_run_group_tests_name("wire", here, NULL, NULL);
}
