/* SPDX-License-Identifier: MIT */
/* One row of a CSV file becomes an event by a compiled map. Knows neither Lua nor where rows come
 * from. Invariant: what is written is one valid JSON object; empty cells leave nothing behind. */
#include "base/json_write.h"
#include "base/text.h"
#include "engine/mapping_priv.h"

#include <stdlib.h>

/* Appends the text; false (nothing to be said) when all its columns are empty. */
static bool fill_text(const struct rp_mapping_text *text, const struct rp_str *cells,
                      struct rp_buf *out)
{
    bool asked = false;
    bool said = false;

    for (uint32_t i = 0; i < text->count; i++) {
        const struct rp_mapping_piece *piece = &text->pieces[i];
        struct rp_str part = piece->text;

        if (piece->column.len > 0) {
            struct rp_str cell = rp_mapping_trim(cells[piece->index]);

            part = cell.len > 0 ? cell : part;
            asked = true;
            said = said || part.len > 0;
        }
        rp_buf_str(out, part);
    }
    return said || (!asked && text->count > 0);
}

/* Whether it wrote something; else jw and what it writes to are as before. */
static bool put_value(struct rp_jw *jw, const struct rp_mapping_value *value,
                      const struct rp_str *cells, struct rp_buf *text);

static bool put_parts(struct rp_jw *jw, const struct rp_mapping_value *value,
                      const struct rp_str *cells, struct rp_buf *text)
{
    bool list = value->type == RP_ARRAY;
    bool any = false;

    list ? rp_jw_array(jw) : rp_jw_object(jw);
    for (uint32_t i = 0; i < value->count; i++) {
        struct rp_jw before = *jw;
        size_t len = jw->out->len;

        if (!list) {
            rp_jw_key_str(jw, value->parts[i].key);
        }
        if (put_value(jw, &value->parts[i], cells, text)) {
            any = true;
        } else {
            *jw = before;
            jw->out->len = len;
        }
    }
    list ? rp_jw_array_end(jw) : rp_jw_object_end(jw);
    return any;
}

static bool put_value(struct rp_jw *jw, const struct rp_mapping_value *value,
                      const struct rp_str *cells, struct rp_buf *text)
{
    switch ((enum rp_prop_type)value->type) {
    case RP_BOOL:
        rp_jw_bool(jw, value->number != 0);
        return true;
    case RP_NUMBER:
        rp_jw_number(jw, value->number);
        return true;
    case RP_STRING:
        rp_buf_reset(text);
        if (!fill_text(&value->text, cells, text)) {
            return false;
        }
        rp_jw_str(jw, rp_buf_view(text));
        return true;
    case RP_ARRAY:
    case RP_OBJECT:
        return put_parts(jw, value, cells, text);
    case RP_NULL:
        return false;
    }
    return false;
}

static void put_set(struct rp_jw *jw, const char *key, const struct rp_mapping_value *set,
                    const struct rp_str *cells, struct rp_buf *text)
{
    struct rp_jw before = *jw;
    size_t len = jw->out->len;

    rp_jw_key(jw, key);
    if (!put_parts(jw, set, cells, text)) {
        *jw = before;
        jw->out->len = len;
    }
}

static void put_event(const struct rp_mapping_row *row, const struct rp_str *cells,
                      struct rp_buf *out)
{
    struct rp_jw jw = rp_jw(out);
    struct rp_buf text = {0};

    rp_buf_reset(out);
    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "type", rp_event_type_name(row->type));
    for (int slot = 0; slot < RP_MAPPING_SLOTS; slot++) {
        rp_buf_reset(&text);
        if ((slot != RP_MAPPING_EVENT || row->type == RP_TRACK) &&
            fill_text(&row->slots[slot], cells, &text)) {
            rp_jw_put_str(&jw, rp_mapping_slot_keys[slot], rp_buf_view(&text));
        }
    }
    for (int set = 0; set < RP_MAPPING_SETS; set++) {
        put_set(&jw, rp_mapping_set_keys[set], &row->sets[set], cells, &text);
    }
    rp_jw_object_end(&jw);
    rp_buf_fini(&text);
}

static const struct rp_mapping_row *choose(struct rp_arena *arena, const struct rp_mapping_row *row,
                                           struct rp_str value)
{
    struct rp_mapping_choice wanted = {.key = rp_text_fold(arena, rp_mapping_trim(value))};
    const struct rp_mapping_choice *found =
        bsearch(&wanted, row->choices, row->choice_count, sizeof(wanted), rp_mapping_choice_cmp);

    return found ? found->row : row->other;
}

enum rp_mapped rp_mapping_apply(const struct rp_mapping *mapping, const struct rp_str *cells,
                                struct rp_buf *out)
{
    const struct rp_mapping_row *row = mapping->root;
    struct rp_arena folded;

    rp_arena_init(&folded);
    while (row && row->by.count > 0) {
        rp_buf_reset(out);
        (void)fill_text(&row->by, cells, out);
        row = choose(&folded, row, rp_buf_view(out));
    }
    rp_arena_fini(&folded);
    if (!row) {
        return RP_MAPPED_NO_ROW;
    }
    if (row->skip) {
        return RP_MAPPED_SKIP;
    }
    put_event(row, cells, out);
    return RP_MAPPED;
}
