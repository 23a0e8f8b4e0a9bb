/* SPDX-License-Identifier: MIT */
/* What may stand in a field, in words: one sentence part for every form of help. */
#include "base/num.h"
#include "engine/help.h"

static void join(struct rp_buf *out, size_t start)
{
    if (out->len > start)
        rp_buf_text(out, " or ");
}

static void put_choices(struct rp_buf *out, const char *choices, size_t start)
{
    for (const char *at = choices; *at;) {
        size_t len = strcspn(at, "|");

        join(out, start);
        rp_buf_printf(out, "\"%.*s\"", (int)len, at);
        at += len + (at[len] == '|');
    }
}

static void put_number(struct rp_buf *out, const struct rp_schema_field *field)
{
    rp_buf_text(out, field->whole ? "a whole number" : "a number");
    if (!(field->min < 0) && !(field->min > 0) && !(field->max > 0))
        return;
    rp_buf_text(out, " from ");
    rp_number_print(out, field->min);
    rp_buf_text(out, " to ");
    rp_number_print(out, field->max);
}

static void put_calls(struct rp_buf *out, const struct rp_schema_field *field, size_t start)
{
    const struct rp_schema_call *tables[] = {rp_schema_calls, rp_schema_config_calls};

    for (size_t i = 0; i < RP_COUNT(tables); i++) {
        for (const struct rp_schema_call *call = tables[i]; call->name; call++) {
            if (!(call->makes & field->makes))
                continue;
            join(out, start);
            rp_buf_text(out, call->name);
        }
    }
}

void rp_help_kind(struct rp_buf *out, const struct rp_schema_field *field)
{
    size_t start = out->len;

    for (const struct rp_schema_want *want = rp_schema_wants; want->want; want++) {
        if (!(field->wants & want->want))
            continue;
        if (want->want == RP_WANT_TEXT && field->choices) {
            put_choices(out, field->choices, start);
            continue;
        }
        join(out, start);
        if (want->want == RP_WANT_NUMBER)
            put_number(out, field);
        else
            rp_buf_text(out, want->text);
    }
    if (field->wants & RP_WANT_CALL)
        put_calls(out, field, start);
    if (field->ref != RP_REF_NONE && (field->wants & (RP_WANT_TEXT | RP_WANT_TEXTS)))
        rp_buf_printf(out, ", the name of %s %s",
                      strchr("aeiou", rp_schema_nouns[field->ref][0]) ? "an" : "a",
                      rp_schema_nouns[field->ref]);
}

void rp_help_rest(struct rp_buf *out, const struct rp_schema_field *field)
{
    if (field->required)
        rp_buf_text(out, "; needed");
    if (field->fallback)
        rp_buf_printf(out, "; without it %s", field->fallback);
    if (field->placeholders)
        rp_buf_text(out, "; may hold placeholders such as {lead.email}");
}
