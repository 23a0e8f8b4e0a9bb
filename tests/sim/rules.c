/* SPDX-License-Identifier: MIT */
/* Rule sets of the simulation: every kind of rule, with numbers that edits change. */
#include "core/rules.h"

#include "engine/load.h"
#include "sim.h"

#include <stdlib.h>
#include <string.h>

static const char head[] =
    "dimension \"intent\" { range = {0, 100}, decay = \"none\" }\n"
    "dimension \"fit\" { range = {0, 100}, kind = \"state\" }\n"
    "dimension \"habits\" { range = {-10, 30}, kind = \"state\" }\n"
    "dimension \"interest\" { by = \"topic\", half_life = \"30d\" }\n"
    "total { fit = 1, engagement = 1, habits = 1, intent = 2 }\n"
    "exclude \"robots\" { when = context { userAgent = contains \"bot\" } }\n";

static const char stages[] =
    "stages { \"visitor\", \"lead\", \"@\", \"sal\", \"sql\", \"customer\", \"evangelist\";\n"
    "  side = { \"recycled\", \"suspect\" } }\n"
    "stage \"lead\" { enter = known() }\n"
    "stage \"@\" { from = { \"visitor\", \"lead\", \"recycled\" },\n"
    "  enter = any { at_least { engagement = # }, all { did(\"Form Submitted\", { ever = true "
    "}),\n"
    "    visits { times = 3, within = \"30d\" } } },\n"
    "  leave = below { engagement = ~, held = \"^d\" }, leave_to = \"recycled\",\n"
    "  status = { \"open\", \"attempting\", \"bad_timing\" }, due = { to = \"sal\", within = "
    "\"24h\" } }\n"
    "status \"@.attempting\" { enter = did \"Contact Attempted\" }\n"
    "status \"@.bad_timing\" { enter = did \"Lead Postponed\",\n"
    "  wake = { on = \"recontact_on\", otherwise = \"9d\", to = \"open\" } }\n"
    "stage \"sal\" { from = \"@\", enter = did \"Lead Accepted\" }\n"
    "stage \"sql\" { from = { \"visitor\", \"lead\", \"@\", \"sal\", \"recycled\", \"suspect\" "
    "},\n"
    "  enter = did { \"Demo Requested\", \"Trial Started\" } }\n"
    "stage \"customer\" { from = { \"@\", \"sal\", \"sql\", \"recycled\" }, enter = did \"Deal "
    "Won\" }\n"
    "stage \"evangelist\" { from = \"customer\", enter = all { in_stage(\"customer\",\n"
    "  { at_least = \"10d\" }), did(\"Form Submitted\", { ever = true }) }, terminal = true }\n"
    "stage \"recycled\" { from = { \"lead\", \"@\", \"sal\", \"sql\" },\n"
    "  enter = any { did \"Lead Rejected\", inactive \"21d\" }, stay = \"5d\" }\n"
    "stage \"suspect\" { from = { \"lead\", \"@\" },\n"
    "  enter = all { did(\"Email Bounced\", { within = \"40d\" }), below { fit = 5 } } }\n";

static const char actions[] =
    "action \"thanks\" { on = did \"Form Submitted\", webhook { to = endpoint \"crm\",\n"
    "  body = { form = \"{event.form|none}\", who = \"{lead.email}\" } } }\n"
    "action \"hand_over\" { on = entered \"sql\", webhook { to = endpoint \"crm\", body = {\n"
    "  why = \"{reasons.top(2)}\", score = \"{score.total}\" } }, set { handed = \"yes\" },\n"
    "  task { to = \"owner\", note = \"Call: {stage}\" } }\n"
    "action \"tell\" { on = entered \"@\", notify { to = endpoint \"chat\", text = \"{stage}\" "
    "} "
    "}\n"
    "action \"late\" { on = late \"@\", notify { to = endpoint \"chat\", text = \"late\" } }\n"
    "action \"warm\" { on = crossed(\"engagement\", 12), notify { to = endpoint \"chat\",\n"
    "  text = \"{score.engagement}\" } }\n"
    "action \"lost\" { on = left \"@\", webhook { to = endpoint \"crm\", body = { } } }\n"
    "action \"tried\" { on = entered_status \"@.attempting\", task { to = \"owner\",\n"
    "  note = \"Go on\" } }\n"
    "action \"looked\" { on = fired \"pricing\", webhook { to = endpoint \"stats\", body = { } } "
    "}\n";

void knobs_make(struct knobs *ret_knobs)
{
    struct knobs knobs = {.variant = below(6),
                          .pause_hours = 6 + below(60),
                          .until_days = 1 + below(4),
                          .cap = 10 + below(40),
                          .threshold = 15 + below(30),
                          .held_days = 1 + below(14),
                          .half_life = 1 + below(30),
                          .models = chance(50),
                          .files = chance(50),
                          .staff = below(9),
                          .deep = below(4),
                          .liked = 1 + below(9)};

    for (int i = 0; i < 8; i++) {
        knobs.points[i] = 1 + below(12);
    }
    *ret_knobs = knobs;
}

void knobs_edit(struct knobs *knobs)
{
    switch (below(15)) {
    case 10:
        knobs->pause_hours = 6 + below(60);
        knobs->until_days = 1 + below(4);
        break;
    case 11:
    case 13:
    case 14:
        knobs->without_extra = !knobs->without_extra;
        break;
    case 12:
        knobs->without_all = !knobs->without_all;
        break;
    case 8:
        knobs->staff = below(9);
        break;
    case 9:
        knobs->deep = below(4);
        knobs->liked = 1 + below(9);
        break;
    case 0:
        knobs->renamed = !knobs->renamed;
        break;
    case 1:
        knobs->without_pricing = !knobs->without_pricing;
        break;
    case 2:
        knobs->threshold = 15 + below(30);
        break;
    case 3:
        knobs->held_days = 1 + below(14);
        break;
    case 4:
        knobs->extra = !knobs->extra;
        break;
    case 5:
        knobs->half_life = 1 + below(30);
        break;
    default:
        knobs->points[below(8)] = 1 + below(12);
        break;
    }
}

const char *rules_stage(const struct knobs *knobs, int which)
{
    const char *const names[] = {"lead", knobs->renamed ? "hot" : "mql", "sql", "customer",
                                 "recycled"};

    return names[which % 5];
}

static void write_dimension(const struct knobs *knobs, struct rp_buf *out)
{
    rp_buf_printf(out, "dimension \"engagement\" { range = {0, 200}, ");
    switch (knobs->variant % 3) {
    case 0:
        rp_buf_printf(out, "half_life = \"%dd\" }\n", knobs->half_life);
        break;
    case 1:
        rp_buf_printf(out, "decay = { linear = \"%dd\" } }\n", knobs->half_life + 20);
        break;
    default:
        rp_buf_printf(out, "decay = { expire = \"%dd\" } }\n", knobs->half_life + 5);
        break;
    }
    if (knobs->variant < 3) {
        rp_buf_printf(out,
                      "group \"web\" { dimension = \"engagement\", cap = %d, floor = -20, per = "
                      "\"3d\" }\n",
                      knobs->cap);
    } else {
        rp_buf_printf(out, "group \"web\" { dimension = \"engagement\", cap = %d }\n", knobs->cap);
    }
}

static void write_scores(const struct knobs *knobs, struct rp_buf *out)
{
    const int *points = knobs->points;

    rp_buf_printf(
        out,
        "score \"page\" { why = \"Page\", on = \"page\", points = %d, group = \"web\" }\n"
        "score \"pricing\" { why = \"Prices\", on = \"page\", when = { path = glob \"/pricing*\" "
        "},\n"
        "  points = %d, limit = { times = 3, per = \"7d\" }, cooldown = \"30m\" }\n"
        "score \"read\" { why = \"Reads\", on = \"page\", points = %d, once_per = \"path\" }\n"
        "score \"topic\" { why = \"Topic\", on = \"page\", when = { topic = exists() }, points = "
        "1,\n"
        "  dimension = \"interest\" }\n",
        points[0], points[1], points[2]);
    rp_buf_printf(
        out,
        "score \"form\" { why = \"Form\", on = \"Form Submitted\", points = { engagement = %d,\n"
        "  intent = 3 } }\n"
        "score \"first\" { why = \"First form\", on = \"Form Submitted\", points = %d, once = "
        "true,\n"
        "  dimension = \"intent\" }\n"
        "score \"basket\" { why = \"Basket\", on = \"Product Added\", group = \"web\",\n"
        "  per = { field = \"price\", each = 10, points = 1, max = %d } }\n"
        "score \"bounced\" { why = \"Bounced\", on = \"Email Bounced\", points = -%d,\n"
        "  decay = { expire = \"15d\" }, group = \"web\" }\n"
        "score \"liked\" { why = \"Liked\", on = \"Liked\", points = %d, decay = { linear = "
        "\"33d\" } }\n",
        points[3], points[4], points[5], points[6], points[7]);
    rp_buf_printf(
        out,
        "score \"visit\" { why = \"Long visit\", on = \"Visit Ended\", points = 8,\n"
        "  uses = { count(\"page\", { within = \"10d\" }) },\n"
        "  test = function(event, lead, past)\n"
        "    local n = event.properties.pages or 0\n"
        "    if n > 7 then error(\"too many\") end\n"
        "    if n < 2 then return false end\n"
        "    return math.min(n / 6, 1), (\"%%d pages\"):format(n)\n"
        "  end }\n"
        "fit \"vp\" { why = \"Title\", field = \"title\", missing = 0, other = 0, words = {\n"
        "  { any = { \"vp\" }, points = 20 } } }\n"
        "fit \"visits\" { why = \"Visits\", dimension = \"habits\", count = visits { within = "
        "\"20d\" },\n"
        "  bands = { { below = 1, points = -5 }, { below = 4, points = 0 }, { points = 8 } } }\n"
        "fit \"days\" { why = \"Days\", dimension = \"habits\", count = days(\"page\", { within = "
        "\"9d\" }),\n"
        "  bands = { { below = 2, points = 0 }, { points = 6 } } }\n");
    if (knobs->extra) {
        rp_buf_printf(out, "score \"more\" { why = \"More\", on = { \"page\", \"Liked\" }, points "
                           "= 3, once_per = \"topic\" }\n");
    }
}

/* @ the stage with two names, # the threshold and ~ its half, ^ the days that it is held. */
static void fill_in(const struct knobs *knobs, const char *text, struct rp_buf *out)
{
    for (; *text; text++) {
        switch (*text) {
        case '@':
            rp_buf_printf(out, "%s", rules_stage(knobs, 1));
            break;
        case '#':
            rp_buf_printf(out, "%d", knobs->threshold);
            break;
        case '~':
            rp_buf_printf(out, "%d", knobs->threshold / 2);
            break;
        case '^':
            rp_buf_printf(out, "%d", knobs->held_days);
            break;
        default:
            rp_buf_printf(out, "%c", *text);
            break;
        }
    }
}

void rules_write(const struct knobs *knobs, bool broken, struct rp_buf *out)
{
    write_dimension(knobs, out);
    rp_buf_printf(out, "%s", head);
    write_scores(knobs, out);
    fill_in(knobs, stages, out);
    fill_in(knobs, actions, out);
    rules_mail(knobs, out);
    if (knobs->models) {
        rp_buf_printf(out, "model \"champion\" { }\n"
                           "model \"challenger\" { like = \"champion\", points = { page = 4 },\n"
                           "  without = { \"read\" } }\n"
                           "experiment \"x\" { mode = \"split\", arms = { { \"champion\", 50 "
                           "}, { \"challenger\", 50 } },\n  success = { reached = \"sql\" } }\n");
    }
    if (broken) {
        const char *const mistakes[] = {
            "score \"page\" { why = \"Twice\", on = \"page\", points = 1 }\n",
            "score \"half\" { why = \"Half\", on = \"page\", points = 1, group = \"nowhere\" }\n",
            "score \"open\" { why = \"Not closed\"", "stage \"nobody\" { enter = known() }\n"};

        rp_buf_printf(out, "%s", mistakes[below(4)]);
    }
}

static const char files_rules[] =
    "exclude \"staff\" { when = trait { n = in_list \"staff\" } }\n"
    "lookup \"content\" { file = \"lists/content.csv\", match = { path = \"glob\" }, gives = { "
    "\"depth\" } }\n"
    "score \"deep\" { why = \"Reads what is deep\", on = \"page\", points = 2,\n"
    "  when = { [\"content.depth\"] = \"deep\" }, limit = { times = 2, per = \"9d\" } }\n";

enum { FILES = 6 };

static struct rp_source source_of(struct rp_arena *arena, struct rp_str path, struct rp_buf *text)
{
    struct rp_source source = {path, rp_arena_str(arena, rp_buf_view(text))};

    rp_buf_reset(text);
    return source;
}

/* In the order in which a directory is read. */
static struct rp_files write_files(struct rp_arena *arena, const struct knobs *knobs, bool broken,
                                   struct rp_source sources[FILES])
{
    struct rp_buf text = {0};
    size_t count = 0;

    if (knobs->files) {
        rp_buf_printf(&text, "path,depth\n/blog%d*,deep\n*,flat\n", knobs->deep);
        sources[count++] = source_of(arena, RP_STR("lists/content.csv"), &text);
        rp_buf_printf(&text, "# who works here\n%d\n", knobs->staff);
        sources[count++] = source_of(arena, RP_STR("lists/staff.txt"), &text);
        rp_buf_printf(&text, "%s", files_rules);
    }
    rules_write(knobs, broken, &text);
    sources[count++] = source_of(arena, RP_STR("rules.lua"), &text);
    rp_buf_printf(&text, "Hello {lead.title|you}, you are at {stage}.\n");
    sources[count++] = source_of(arena, RP_STR("templates/hello.txt"), &text);
    rp_buf_printf(&text, "Three tips for {lead.email}: {reasons.top(2)}\n");
    sources[count++] = source_of(arena, RP_STR("templates/tips.txt"), &text);
    if (knobs->files) {
        rp_buf_printf(&text, "return { liked = %d, [\"group:web\"] = { cap = %d } }\n",
                      knobs->liked, knobs->cap + 3);
        sources[count++] = source_of(arena, RP_STR("weights.lua"), &text);
    }
    rp_buf_fini(&text);
    return (struct rp_files){sources, count};
}

static int load(struct rp_arena *arena, const struct knobs *knobs, bool broken,
                struct rp_source sources[FILES], struct rp_files *ret_files,
                struct rp_rules **ret_rules, struct rp_err *err)
{
    static const struct rp_str disabled = {"pricing", 7};
    struct rp_load_options options = {0};
    struct rp_files files = write_files(arena, knobs, broken, sources);
    struct rp_findings findings = {0};
    int status;

    *ret_files = files;
    if (knobs->without_pricing) {
        options.disabled = &disabled;
        options.disabled_count = 1;
    }
    status = rp_load(arena, &files, &options, ret_rules, &findings, err);
    if (status != 0 && !broken) {
        struct rp_buf told = {0};

        rp_findings_print(&told, &findings, false);
        die("the rules of the simulation do not load: %s\n%s", err->text, told.ptr);
    }
    return status;
}

int rules_put(const struct knobs *knobs, bool begin, struct rp_err *err)
{
    struct rp_ready_notes notes = {.author = RP_STR("sim"),
                                   .effect = RP_STR(""),
                                   .disabled =
                                       knobs->without_pricing ? RP_STR("pricing") : RP_STR("")};
    struct rp_ready *ready = NULL;
    struct rp_rules *rules = NULL;
    struct rp_source sources[FILES];
    struct rp_files files;
    struct rp_arena arena;
    int status;

    rp_arena_init(&arena);
    (void)load(&arena, knobs, false, sources, &files, &rules, err);
    status = rp_ready_new(rules, &files, &notes, &ready, err);
    if (status != 0) {
        die("the rules cannot be made ready: %s", err->text);
    }
    status = begin ? rp_core_begin(life.core, &ready, err) : rp_core_swap(life.core, &ready, err);
    rp_ready_free(ready);
    rp_arena_fini(&arena);
    return status;
}

void rules_refuse(void)
{
    const struct rp_rules *before = rp_core_active(life.core);
    struct rp_rules *rules = NULL;
    struct rp_source sources[FILES];
    struct rp_files files;
    struct rp_arena arena;
    struct rp_err err = {0};

    rp_arena_init(&arena);
    if (load(&arena, &sim->knobs, true, sources, &files, &rules, &err) != RIPEN_ERULE) {
        die("broken rules were not refused");
    }
    if (rp_core_active(life.core) != before) {
        die("broken rules changed what is in force");
    }
    rp_arena_fini(&arena);
}
