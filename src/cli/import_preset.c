/* SPDX-License-Identifier: MIT */
/* Presets of an import: tables of the columns that HubSpot and Salesforce write, by label and by
 * internal name, and what each means. Knows rows; must not know the store. Invariant: each event of
 * a row has a messageId made of the row and of what the event says, so that a second import of the
 * same file finds duplicates, also with other options. */
#include "cli/import_preset.h"

#include "base/hash.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "base/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 4, STRANGE_MAX = 8, STRANGE_LEN = 60 };

enum meaning { TRAIT, COMPANY, NUMBER, STAGE, OWNER, CREATED, OPT_OUT, LEGAL };

struct column {
    const char *key; /* of the trait */
    enum meaning meaning;
    const char *names[NAMES_MAX]; /* as exports write them; case does not matter */
};

static const struct column hubspot[] = {
    {"email", TRAIT, {"Email", "Email Address"}},
    {"hubspot_id", TRAIT, {"Record ID", "Contact ID", "hs_object_id", "Record ID - Contact"}},
    {"first_name", TRAIT, {"First Name", "firstname"}},
    {"last_name", TRAIT, {"Last Name", "lastname"}},
    {"title", TRAIT, {"Job Title", "jobtitle"}},
    {"phone", TRAIT, {"Phone Number", "phone"}},
    {"mobile", TRAIT, {"Mobile Phone Number", "mobilephone"}},
    {"country", TRAIT, {"Country/Region", "Country"}},
    {"city", TRAIT, {"City"}},
    {"region", TRAIT, {"State/Region", "State"}},
    {"timezone", TRAIT, {"Time Zone", "hs_timezone"}},
    {"language", TRAIT, {"Preferred language", "hs_language"}},
    {"website", TRAIT, {"Website URL", "website"}},
    {"lead_status", TRAIT, {"Lead Status", "hs_lead_status"}},
    {"source",
     TRAIT,
     {"Original Traffic Source", "Original Source", "Original Source Type", "hs_analytics_source"}},
    {"name", COMPANY, {"Company Name", "Company", "Associated Company"}},
    {"industry", COMPANY, {"Industry"}},
    {"employees", NUMBER, {"Number of Employees", "numemployees"}},
    {"lifecycle_stage", STAGE, {"Lifecycle Stage", "lifecyclestage"}},
    {"owner", OWNER, {"Contact owner", "Contact Owner Email", "hubspot_owner_id"}},
    {"created_at", CREATED, {"Create Date", "createdate"}},
    {"opted_out",
     OPT_OUT,
     {"Unsubscribed from all email", "hs_email_optout", "Marketing emails: opted out",
      "Opted out of all email"}},
    {"legal_basis", LEGAL, {"Legal basis for processing contact's data", "hs_legal_basis"}},
    {0},
};

static const struct column salesforce[] = {
    {"email", TRAIT, {"Email"}},
    {"salesforce_id", TRAIT, {"Lead ID", "Id", "Contact ID", "Record ID"}},
    {"first_name", TRAIT, {"First Name", "FirstName"}},
    {"last_name", TRAIT, {"Last Name", "LastName"}},
    {"title", TRAIT, {"Title"}},
    {"phone", TRAIT, {"Phone"}},
    {"mobile", TRAIT, {"Mobile", "Mobile Phone", "MobilePhone"}},
    {"country", TRAIT, {"Country", "MailingCountry"}},
    {"city", TRAIT, {"City", "MailingCity"}},
    {"region", TRAIT, {"State/Province", "State", "MailingState"}},
    {"website", TRAIT, {"Website"}},
    {"source", TRAIT, {"Lead Source", "LeadSource"}},
    {"do_not_call", TRAIT, {"Do Not Call", "DoNotCall"}},
    {"name", COMPANY, {"Company / Account", "Company", "Account Name"}},
    {"industry", COMPANY, {"Industry"}},
    {"employees", NUMBER, {"No. of Employees", "Employees", "NumberOfEmployees"}},
    {"lead_status", STAGE, {"Lead Status", "Status"}},
    {"owner", OWNER, {"Lead Owner: Email", "Owner Email", "Lead Owner", "Contact Owner"}},
    {"created_at", CREATED, {"Create Date", "Created Date", "CreatedDate"}},
    {"opted_out", OPT_OUT, {"Email Opt Out", "HasOptedOutOfEmail"}},
    {0},
};

/* What CRMs call a stage, and what rules usually do; only those that the rules have count. */
static const struct {
    const char *said, *stage;
} synonyms[] = {
    {"subscriber", "lead"},
    {"marketing qualified lead", "mql"},
    {"sales accepted lead", "sal"},
    {"sales qualified lead", "sql"},
    {"marketingqualifiedlead", "mql"},
    {"salesqualifiedlead", "sql"},
    {"open - not contacted", "lead"},
    {"working - contacted", "sal"},
    {"closed - converted", "sql"},
    {"closed - not converted", "recycled"},
    {"qualified", "sql"},
    {"unqualified", "recycled"},
};

static const struct {
    const char *name;
    const struct column *columns;
} presets[] = {{"hubspot", hubspot}, {"salesforce", salesforce}};

struct rp_import_preset {
    const struct column *table;
    const struct rp_rules *rules;
    struct rp_arena arena;
    struct rp_str stage, owner, consent, purpose;
    struct rp_str stage_column;          /* folded; "": the preset's own */
    const struct rp_addresses *objected; /* NULL: no list */
    struct rp_addresses opted_out;       /* of rows, as they came */
    const struct column **meant;         /* [column]; NULL: left out */
    size_t count;
    struct rp_str *columns;
    char strange[STRANGE_MAX][STRANGE_LEN]; /* values that are no stage */
    size_t strange_count;
};

/* ---- Making one ------------------------------------------------------------------------------ */

static struct rp_str folded(struct rp_arena *arena, struct rp_str text)
{
    return rp_text_fold(arena, rp_arena_str(arena, rp_str_trim(text)));
}

static struct rp_str said(const char *text)
{
    return rp_str_from(text ? text : "");
}

int rp_preset_new(const struct rp_preset_wish *wish, const struct rp_rules *rules,
                  struct rp_import_preset **ret_preset, struct rp_err *err)
{
    struct rp_import_preset *preset = rp_calloc(1, sizeof(*preset));
    int status = 0;

    rp_arena_init(&preset->arena);
    preset->rules = rules;
    preset->stage = said(wish->stage);
    preset->owner = said(wish->owner);
    preset->consent = said(wish->consent);
    preset->objected = wish->objected;
    preset->purpose = wish->purpose ? said(wish->purpose) : RP_STR("marketing");
    preset->stage_column = folded(&preset->arena, said(wish->stage_column));
    for (size_t i = 0; i < RP_COUNT(presets); i++) {
        if (strcmp(presets[i].name, wish->preset) == 0) {
            preset->table = presets[i].columns;
        }
    }
    if (!preset->table) {
        status = rp_err_set(err, RIPEN_EINPUT,
                            "no preset is named \"%s\"; there is hubspot and salesforce, and --map "
                            "for every other file",
                            wish->preset);
    } else if (preset->stage.len > 0 && rp_rules_stage(rules, preset->stage) == RP_NONE) {
        status = rp_err_set(err, RIPEN_EINPUT, "the rules have no stage \"%s\"", wish->stage);
    }
    if (status != 0) {
        rp_preset_free(preset);
        return status;
    }
    *ret_preset = preset;
    return 0;
}

void rp_preset_free(struct rp_import_preset *preset)
{
    if (!preset) {
        return;
    }
    rp_arena_fini(&preset->arena);
    free(preset->opted_out.list);
    free(preset);
}

const struct rp_addresses *rp_preset_opted_out(const struct rp_import_preset *preset)
{
    return &preset->opted_out;
}

/* ---- Columns --------------------------------------------------------------------------------- */

static const struct column *find_column(struct rp_import_preset *preset, struct rp_str name)
{
    static const struct column own_stage = {"stage", STAGE, {0}};

    if (preset->stage_column.len > 0 && rp_str_eq(name, preset->stage_column)) {
        return &own_stage;
    }
    for (const struct column *column = preset->table; column->key; column++) {
        for (size_t n = 0; n < NAMES_MAX && column->names[n]; n++) {
            if (rp_str_eq(name, folded(&preset->arena, rp_str_from(column->names[n])))) {
                return column;
            }
        }
    }
    return NULL;
}

int rp_preset_bind(struct rp_import_preset *preset, const struct rp_str *columns, size_t count,
                   struct rp_err *err)
{
    bool email = false, stage = preset->stage_column.len == 0;

    preset->count = count;
    preset->columns = RP_ARENA_ARRAY(&preset->arena, struct rp_str, count + 1);
    preset->meant = rp_arena_zalloc(&preset->arena, (count + 1) * sizeof(*preset->meant));
    for (size_t i = 0; i < count; i++) {
        preset->columns[i] = rp_arena_str(&preset->arena, rp_str_trim(columns[i]));
        preset->meant[i] = find_column(preset, folded(&preset->arena, columns[i]));
        email |= preset->meant[i] && strcmp(preset->meant[i]->key, "email") == 0;
        stage |= preset->meant[i] && strcmp(preset->meant[i]->key, "stage") == 0;
    }
    if (!stage) {
        return rp_err_set(err, RIPEN_EINPUT, "the file has no column \"%.*s\"",
                          RP_STR_ARG(preset->stage_column));
    }
    return email
               ? 0
               : rp_err_set(err, RIPEN_EINPUT,
                            "the file has no column Email, by which its rows become leads; export "
                            "it with that column");
}

void rp_preset_remarks(const struct rp_import_preset *preset, struct rp_buf *out)
{
    const char *before = "columns that were left out: ";

    for (size_t i = 0; i < preset->count; i++) {
        if (!preset->meant[i]) {
            rp_buf_printf(out, "%s%.*s", before, RP_STR_ARG(preset->columns[i]));
            before = ", ";
        }
    }
    if (before[0] == ',') {
        rp_buf_char(out, '\n');
    }
    for (size_t i = 0; i < preset->strange_count; i++) {
        rp_buf_printf(out, "\"%s\" is no stage of the rules: such rows start %s%.*s\n",
                      preset->strange[i], preset->stage.len ? "in " : "without one",
                      RP_STR_ARG(preset->stage));
    }
}

/* ---- Rows ------------------------------------------------------------------------------------ */

/* What a row says beside its traits. */
struct told {
    struct rp_str email, stage, owner, legal;
    int64_t created_ms;
    bool opted_out;
};

static bool is_yes(struct rp_arena *arena, struct rp_str text)
{
    struct rp_str word = folded(arena, text);

    return rp_str_is(word, "true") || rp_str_is(word, "1") || rp_str_is(word, "yes") ||
           rp_str_is(word, "x") || rp_str_is(word, "oui") || rp_str_is(word, "ja");
}

/* "2024-01-30 03:30", "2024-01-30T03:30:17Z", "1/30/2024", "30.1.2024". */
static bool parse_time(struct rp_arena *arena, struct rp_str text, int64_t *ret_ms)
{
    int a = 0, b = 0, year = 0, hour = 0, minute = 0;
    char mark[2] = "";
    struct rp_str plain = rp_arena_str(arena, text);

    if (rp_time_parse(text, ret_ms)) {
        return true;
    }
    /* NOLINTNEXTLINE(cert-err34-c): the widths bound the numbers */
    if (sscanf(plain.ptr, "%4d-%2d-%2d %2d:%2d", &year, &a, &b, &hour, &minute) == 5) {
        plain = rp_arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:00Z", year, a, b, hour, minute);
        return rp_time_parse(plain, ret_ms);
    }
    /* NOLINTNEXTLINE(cert-err34-c): the widths bound the numbers */
    if (sscanf(plain.ptr, "%2d%1[/.]%2d%*1[/.]%4d", &a, mark, &b, &year) != 4) {
        return false;
    }
    if (mark[0] == '.' || a > 12) { /* day first */
        int day = a;

        a = b;
        b = day;
    }
    plain = rp_arena_printf(arena, "%04d-%02d-%02d", year, a, b);
    return rp_time_parse(plain, ret_ms);
}

static void take_cell(struct rp_import_preset *preset, struct rp_arena *arena,
                      const struct column *column, struct rp_str cell, struct told *told)
{
    if (strcmp(column->key, "email") == 0) {
        told->email = cell;
    }
    switch (column->meaning) {
    case STAGE:
        if (preset->stage_column.len == 0 || strcmp(column->key, "stage") == 0) {
            told->stage = cell;
        }
        break;
    case OWNER:
        told->owner = cell;
        break;
    case CREATED:
        if (!parse_time(arena, cell, &told->created_ms)) {
            told->created_ms = RP_NEVER;
        }
        break;
    case OPT_OUT:
        told->opted_out |= is_yes(arena, cell);
        break;
    case LEGAL:
        told->legal = cell;
        break;
    case TRAIT:
    case COMPANY:
    case NUMBER:
        break;
    }
}

static void note_strange(struct rp_import_preset *preset, struct rp_str cell)
{
    char text[STRANGE_LEN];

    (void)snprintf(text, sizeof(text), "%.*s", RP_STR_ARG(cell));
    for (size_t i = 0; i < preset->strange_count; i++) {
        if (strcmp(preset->strange[i], text) == 0) {
            return;
        }
    }
    if (preset->strange_count < STRANGE_MAX) {
        memcpy(preset->strange[preset->strange_count++], text, sizeof(text));
    }
}

/* The stage of the rules that a cell means; what --stage says when it is none. */
static struct rp_str stage_of(struct rp_import_preset *preset, struct rp_arena *arena,
                              struct rp_str cell)
{
    struct rp_str word = folded(arena, cell);

    if (cell.len == 0) {
        return preset->stage;
    }
    for (uint32_t i = 0; i < preset->rules->stage_count; i++) {
        if (rp_str_eq(word, folded(arena, preset->rules->stages[i].name))) {
            return preset->rules->stages[i].name;
        }
    }
    for (size_t i = 0; i < RP_COUNT(synonyms); i++) {
        if (rp_str_is(word, synonyms[i].said) &&
            rp_rules_stage(preset->rules, rp_str_from(synonyms[i].stage)) != RP_NONE) {
            return rp_str_from(synonyms[i].stage);
        }
    }
    note_strange(preset, cell);
    return preset->stage;
}

static void put_value(struct rp_jw *jw, const struct column *column, struct rp_str cell)
{
    double number;

    rp_jw_key(jw, column->key);
    if (column->meaning == NUMBER && rp_number_parse(cell, &number)) {
        rp_jw_number(jw, number);
    } else {
        rp_jw_str(jw, cell);
    }
}

static void put_traits(const struct rp_import_preset *preset, const struct rp_str *cells,
                       const struct told *told, struct rp_jw *jw)
{
    bool company = false;

    for (size_t i = 0; i < preset->count; i++) {
        const struct column *column = preset->meant[i];
        struct rp_str cell = rp_str_trim(cells[i]);

        if (column && cell.len > 0 &&
            (column->meaning == TRAIT || column->meaning == STAGE || column->meaning == LEGAL)) {
            put_value(jw, column, cell);
        }
        company |=
            column && cell.len > 0 && (column->meaning == COMPANY || column->meaning == NUMBER);
    }
    if (told->owner.len > 0) {
        rp_jw_put_str(jw, "owner", told->owner);
    }
    if (told->created_ms != RP_NEVER) {
        rp_jw_put_time(jw, "created_at", told->created_ms);
    }
    if (!company) {
        return;
    }
    rp_jw_key(jw, "company");
    rp_jw_object(jw);
    for (size_t i = 0; i < preset->count; i++) {
        const struct column *column = preset->meant[i];
        struct rp_str cell = rp_str_trim(cells[i]);

        if (column && cell.len > 0 && (column->meaning == COMPANY || column->meaning == NUMBER)) {
            put_value(jw, column, cell);
        }
    }
    rp_jw_object_end(jw);
}

static void put_id(struct rp_jw *jw, struct rp_str raw, const char *kind, struct rp_str value)
{
    struct rp_digest *digest = rp_digest_new(NULL, 0);
    char id[40] = "imp-";

    rp_digest_part(digest, raw);
    rp_digest_part(digest, rp_str_from(kind));
    rp_digest_part(digest, value);
    rp_digest_end(digest, id + 4);
    rp_jw_put_text(jw, "messageId", id);
}

/* The beginning of a track about the lead; the caller ends properties and event. */
static void open_track(struct rp_jw *jw, const struct told *told, struct rp_str raw,
                       const char *name, struct rp_str value)
{
    rp_jw_object(jw);
    rp_jw_put_text(jw, "type", "track");
    rp_jw_put_text(jw, "event", name);
    put_id(jw, raw, name, value);
    rp_jw_key(jw, "context");
    rp_jw_object(jw);
    rp_jw_key(jw, "traits");
    rp_jw_object(jw);
    rp_jw_put_str(jw, "email", told->email);
    rp_jw_object_end(jw);
    rp_jw_object_end(jw);
    rp_jw_key(jw, "properties");
    rp_jw_object(jw);
}

static void close_track(struct rp_jw *jw)
{
    rp_jw_object_end(jw);
    rp_jw_object_end(jw);
}

/* Consent is only what a person gave: an objection outweighs it, a legitimate interest is none. */
static void put_consent(const struct rp_import_preset *preset, struct rp_arena *arena,
                        const struct told *told, struct rp_str raw, struct rp_jw *jw)
{
    bool listed = preset->objected && rp_addresses_have(preset->objected, arena, told->email);
    struct rp_str basis = folded(arena, told->legal);
    struct rp_str proof =
        memmem(basis.ptr ? basis.ptr : "", basis.len, "consent", 7) ? told->legal : preset->consent;

    if (listed || told->opted_out) {
        open_track(jw, told, raw, listed ? "Unsubscribed" : "Consent Withdrawn", preset->purpose);
        if (!listed) {
            rp_jw_put_str(jw, "purpose", preset->purpose);
        }
        rp_jw_put_text(jw, "reason",
                       listed ? "on the list of those who objected" : "opted out in the export");
        rp_jw_put_text(jw, "source", "import");
        close_track(jw);
        return;
    }
    if (proof.len == 0) {
        return;
    }
    open_track(jw, told, raw, "Consent Given", proof);
    rp_jw_put_str(jw, "purpose", preset->purpose);
    rp_jw_put_str(jw, "proof", proof);
    rp_jw_put_text(jw, "source", "import");
    close_track(jw);
}

bool rp_preset_row(struct rp_import_preset *preset, struct rp_arena *arena,
                   const struct rp_str *cells, struct rp_str raw, struct rp_buf *out,
                   struct rp_str *ret_why)
{
    struct told told = {.created_ms = RP_NEVER, .owner = preset->owner};
    struct rp_jw jw = rp_jw(out);
    struct rp_str stage;

    for (size_t i = 0; i < preset->count; i++) {
        struct rp_str cell = rp_str_trim(cells[i]);

        if (preset->meant[i] && cell.len > 0) {
            take_cell(preset, arena, preset->meant[i], cell, &told);
        }
    }
    if (!told.email.ptr || !memchr(told.email.ptr, '@', told.email.len)) {
        *ret_why = RP_STR("the row has no e-mail address");
        return false;
    }
    if (told.opted_out) {
        rp_addresses_add(&preset->opted_out, rp_arena_str(&preset->arena, told.email));
    }
    stage = stage_of(preset, arena, told.stage);
    rp_buf_reset(out);
    rp_jw_object(&jw);
    rp_jw_key(&jw, "batch");
    rp_jw_array(&jw);
    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "type", "identify");
    put_id(&jw, raw, "identify", RP_STR(""));
    if (told.created_ms != RP_NEVER) {
        rp_jw_put_time(&jw, "timestamp", told.created_ms);
    }
    rp_jw_key(&jw, "traits");
    rp_jw_object(&jw);
    put_traits(preset, cells, &told, &jw);
    rp_jw_object_end(&jw);
    rp_jw_object_end(&jw);
    if (stage.len > 0) {
        open_track(&jw, &told, raw, "Stage Set", stage);
        rp_jw_put_str(&jw, "stage", stage);
        rp_jw_put_text(&jw, "reason", "import");
        rp_jw_put_text(&jw, "author", "import");
        close_track(&jw);
    }
    put_consent(preset, arena, &told, raw, &jw);
    rp_jw_array_end(&jw);
    rp_jw_object_end(&jw);
    return true;
}
