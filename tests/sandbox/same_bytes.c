/* SPDX-License-Identifier: MIT */
/* The same events and rules give the same bytes in every process: cells, decisions, explanations.
 * The program runs itself under other locales, time zones, memory patterns and addresses, and
 * compares what each run prints: a hash a lead, of everything that the evaluation made. */
#include "base/buf.h"
#include "base/hash.h"
#include "base/json_write.h"
#include "base/str.h"
#include "engine/fold.h"
#include "engine/load.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEADS    8
#define EVENTS   120
#define START_MS INT64_C(1767225600000)

static const char rules_text[] =
    "dimension \"engagement\" { range = {0, 500}, half_life = \"21d\" }\n"
    "dimension \"interest\" { by = \"topic\", half_life = \"30d\" }\n"
    "dimension \"fit\" { kind = \"state\" }\n"
    "dimension \"habits\" { kind = \"state\" }\n"
    "total { engagement = 1, fit = 0.7, habits = 1 }\n"
    "grade { fit = { A = 20, B = 0 }, engagement = { [\"1\"] = 50, [\"2\"] = 0 } }\n"
    "group \"web\" { dimension = \"engagement\", cap = 40, per = \"7d\" }\n"
    "score \"price\" { why = \"Price {event.path}\", on = \"page\", points = 10, group = \"web\",\n"
    "  when = { path = contains \"prix\" }, cooldown = \"30m\" }\n"
    "score \"topic\" { why = \"Topic\", on = \"page\", points = 1, dimension = \"interest\" }\n"
    "score \"case\" { why = \"Case\", on = \"page\", points = 4, once_per = \"path\", decay = "
    "\"none\" "
    "}\n"
    "score \"texts\" { why = \"Texts\", on = \"page\", points = 3.333, uses = { n = "
    "count(\"page\", {\n"
    "    within = \"10d\" }) },\n"
    "  test = function(event, lead, past)\n"
    "    local words, seen = {}, {}\n"
    "    for key, value in pairs(event.properties) do seen[key] = value; seen[#seen + 1] = key "
    "end\n"
    "    for key, value in pairs(seen) do words[#words + 1] = tostring(key) .. \"=\" .. "
    "tostring(value) end\n"
    "    table.sort(words)\n"
    "    local text = table.concat(words, \",\") .. tostring({})\n"
    "    return (#text % 7) / 6, string.format(\"%s %.3f %g %d\", text, #text / 7, past.n / 3, "
    "past.n)\n"
    "  end }\n"
    "score \"fails\" { why = \"Fails\", on = \"Bought\", points = 5,\n"
    "  test = function(event) return event.properties.price > 50 end }\n"
    "fit \"vp\" { why = \"VP\", when = { title = word \"directrice\" }, points = 20 }\n"
    "fit \"visits\" { why = \"Visits\", dimension = \"habits\", count = visits { within = \"30d\" "
    "},\n"
    "  bands = { { below = 3, points = 0 }, { points = 8 } } }\n"
    "stages { \"visitor\", \"lead\", \"mql\", \"old\" }\n"
    "stage \"lead\" { enter = known() }\n"
    "stage \"mql\" { enter = at_least { engagement = 40 }, leave = below { engagement = 10 },\n"
    "  leave_to = \"old\" }\n"
    "stage \"old\" { from = \"mql\", enter = did \"Lost\", terminal = true }\n"
    "action \"tell\" { on = any { entered \"mql\", fired \"case\", crossed(\"engagement\", 30) },\n"
    "  webhook { to = endpoint \"crm\", body = { email = \"{lead.email|nobody}\",\n"
    "    score = \"{score.total}\", grade = \"{score.grade}\", top = \"{lead.interest.top}\" } } "
    "}\n";

/* ---- One run --------------------------------------------------------------------------------- */

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 8;
}

static void event_json(struct rp_buf *out, uint32_t *seed, unsigned number, int64_t at_ms)
{
    static const char *const paths[] = {"/prix", "/prix/été", "/clients/a", "/docs", "/"};
    static const char *const topics[] = {"Prix", "API", "prix", "Sécurité"};
    unsigned kind = next_random(seed) % 10, address = next_random(seed) % 3;
    unsigned path = next_random(seed) % 5, topic = next_random(seed) % 4;
    unsigned whole = next_random(seed) % 1000, part = next_random(seed) % 10;

    rp_buf_printf(out, "{\"anonymousId\":\"a\",\"messageId\":\"m%u\",\"timestamp\":\"", number);
    rp_time_print(out, at_ms);
    if (kind == 0)
        rp_buf_printf(out,
                      "\",\"type\":\"identify\",\"traits\":{\"email\":\"a%u@b.test\",\"title\":"
                      "\"Directrice\",\"timezone\":\"Europe/Paris\"}}",
                      address);
    else if (kind == 1)
        rp_buf_printf(out, "\",\"type\":\"track\",\"event\":\"Bought\",\"properties\":{%s}}",
                      part % 2 ? "\"price\":99.5" : "");
    else
        rp_buf_printf(out,
                      "\",\"type\":\"page\",\"properties\":{\"path\":\"%s\",\"topic\":\"%s\","
                      "\"n\":%u.%u,\"list\":[1,2.5,\"x\"],\"deep\":{\"a\":true}}}",
                      paths[path], topics[topic], whole, part);
}

static void put_decision(struct rp_buf *out, const struct rp_decision *decision)
{
    for (size_t i = 0; i < decision->grant_count; i++) {
        const struct rp_grant *g = &decision->grants[i];

        rp_buf_printf(out, "g %u %u %lld %lld %.*s %.*s %.*s\n", g->rule, g->dim,
                      (long long)g->asked, (long long)g->granted, RP_STR_ARG(g->cut),
                      RP_STR_ARG(g->evidence), RP_STR_ARG(g->key));
    }
    for (size_t i = 0; i < decision->move_count; i++)
        rp_buf_printf(out, "m %u %u %.*s\n", decision->moves[i].from, decision->moves[i].to,
                      RP_STR_ARG(decision->moves[i].reasons));
    for (size_t i = 0; i < decision->intent_count; i++)
        rp_buf_printf(out, "i %.*s %.*s\n", RP_STR_ARG(decision->intents[i].cause),
                      RP_STR_ARG(decision->intents[i].body));
    for (size_t i = 0; i < decision->fault_count; i++)
        rp_buf_printf(out, "f %.*s\n", RP_STR_ARG(decision->faults[i].message));
}

static void play_lead(struct rp_fold *fold, uint32_t seed, struct rp_buf *out)
{
    struct rp_lead lead;
    int64_t at_ms = START_MS;

    rp_lead_init(&lead);
    for (unsigned i = 0; i < EVENTS; i++) {
        struct rp_envelope envelope = {.sent_ms = RP_NEVER};
        struct rp_decision decision = {0};
        struct rp_buf json = {0};
        struct rp_str message;
        struct rp_event event;

        at_ms += (int64_t)(next_random(&seed) % 7200) * 1000;
        envelope.received_ms = at_ms;
        event_json(&json, &seed, i, at_ms);
        if (rp_event_parse(fold->arena, rp_arena_str(fold->arena, rp_buf_view(&json)), &envelope,
                           &event, &message) != RP_REJECT_NONE)
            abort();
        rp_buf_fini(&json);
        if (!lead.created_ms)
            lead.created_ms = at_ms;
        rp_fold_event(fold, &lead, &event, &decision);
        rp_judge(fold, &lead, &event, at_ms, &decision);
        put_decision(out, &decision);
    }
    rp_buf_add(out, (const char *)lead.cells, lead.cells_len);
    {
        struct rp_jw jw = rp_jw(out);

        rp_jw_object(&jw);
        rp_lead_scores_json(fold, &lead, 0, at_ms + RP_DAY, &jw);
        rp_jw_object_end(&jw);
    }
    rp_lead_fini(&lead);
}

static int play(void)
{
    struct rp_source source = {RP_STR("a.lua"), {rules_text, sizeof(rules_text) - 1}};
    struct rp_files files = {&source, 1};
    struct rp_load_options options = {.skips_reads = true};
    struct rp_findings findings = {0};
    struct rp_rules *rules = NULL;
    struct rp_buf text = {0};
    struct rp_arena arena;
    struct rp_err err = {0};
    struct rp_fold fold;
    struct rp_vm *vm;

    (void)setlocale(LC_ALL, "C"); /* a host never asks for more; the environment may say what it
                                     likes */
    rp_arena_init(&arena);
    if (rp_load(&arena, &files, &options, &rules, &findings, &err) != 0) {
        rp_findings_print(&text, &findings, false);
        fprintf(stderr, "%s\n%s", err.text, text.ptr ? text.ptr : "");
        return 2;
    }
    vm = rp_vm_new(rules, &err);
    rp_fold_init(&fold, rules, vm, &arena);
    for (uint32_t lead = 0; lead < LEADS; lead++) {
        char hash[65];

        rp_buf_reset(&text);
        play_lead(&fold, lead * 77777U + 1, &text);
        rp_sha256_hex(text.ptr, text.len, hash);
        printf("%s %zu\n", hash, text.len);
    }
    rp_buf_fini(&text);
    rp_fold_fini(&fold);
    rp_vm_free(vm);
    rp_rules_free(rules);
    rp_arena_fini(&arena);
    return 0;
}

/* ---- Many runs ------------------------------------------------------------------------------- */

static bool run_child(const char *self, const char *environment, struct rp_buf *out)
{
    char command[1024];
    char bytes[512];
    FILE *child;

    snprintf(command, sizeof(command), "env -i %s '%s' play", environment, self);
    child = popen(command, "r");
    if (!child)
        return false;
    for (size_t got; (got = fread(bytes, 1, sizeof(bytes), child)) > 0;)
        rp_buf_add(out, bytes, got);
    return pclose(child) == 0 && out->len > 0;
}

int main(int argc, char **argv)
{
    static const char *const environments[] = {
        "PATH=/bin:/usr/bin",
        "LC_ALL=fr_FR.UTF-8 TZ=Asia/Tokyo MALLOC_PERTURB_=165",
        "LANG=de_DE TZ=America/New_York MALLOC_ARENA_MAX=1 HOME=/nowhere A=xxxxxxxxxxxxxxxxxxxx",
        "LC_NUMERIC=de_DE.UTF-8 MALLOC_TOP_PAD_=1000003 MALLOC_PERTURB_=7",
    };
    struct rp_buf first = {0};
    char self[512];
    ssize_t len;
    int failed = 0;

    if (argc > 1 && strcmp(argv[1], "play") == 0)
        return play();
    len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (len < 0)
        return 2;
    self[len] = '\0';
    for (size_t i = 0; i < sizeof(environments) / sizeof(environments[0]); i++) {
        struct rp_buf out = {0};

        if (!run_child(self, environments[i], i == 0 ? &first : &out)) {
            fprintf(stderr, "the run under %s failed\n", environments[i]);
            failed++;
        } else if (i > 0 && !rp_str_eq(rp_buf_view(&first), rp_buf_view(&out))) {
            fprintf(stderr, "other bytes under %s:\n%.*sbut\n%.*s", environments[i],
                    RP_STR_ARG(rp_buf_view(&first)), RP_STR_ARG(rp_buf_view(&out)));
            failed++;
        }
        rp_buf_fini(&out);
    }
    printf("%.*s", RP_STR_ARG(rp_buf_view(&first)));
    rp_buf_fini(&first);
    return failed > 0;
}
