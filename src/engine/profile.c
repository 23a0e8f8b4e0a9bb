/* SPDX-License-Identifier: MIT */
/* The lead's profile in its cells: traits under the slots that rules read them by, touches kept
 * like traits, and, for test functions alone, every other trait by name. Merging follows the order
 * in which events are folded: the last writer wins, a null removes. A trait's cell is a list of
 * scalars, padded to 8 bytes, so that equal profiles are equal bytes.
 *
 *   trait cell:  count u32, zero u32, then each: number f64, length u32, type u8, zero[3], text
 *   other cell:  each: name length u32, then an item as above without count, name behind the text
 */
#include "base/hash.h"
#include "base/limits.h"
#include "base/num.h"
#include "base/text.h"
#include "engine/eval.h"

#include <math.h>

struct item {
    double number;
    uint32_t len;
    uint8_t type;
    uint8_t zero[3];
};

#define OTHER_TRAITS_MAX 256 /* further names are not kept: a client chooses them */

static size_t pad8(size_t len)
{
    return (len + 7) & ~(size_t)7;
}

static bool has_trait(const struct rp_lead *lead, uint32_t field)
{
    uint32_t len;

    return rp_lead_cell(lead, rp_cell_key(RP_CELL_TRAIT, 0, field), &len) != NULL;
}

/* ---- One trait ---------------------------------------------------------------------------------
 */

void rp_profile_read(struct rp_scratch *s, const struct rp_lead *lead, uint32_t field,
                     struct rp_slot *slot)
{
    uint32_t len = 0;
    const uint8_t *cell = rp_lead_cell(lead, rp_cell_key(RP_CELL_TRAIT, 0, field), &len);
    const uint8_t *bytes;
    struct rp_atom *atoms;
    uint32_t count;

    if (!cell) {
        /* The one touch that decisions make; the others come from events alone. */
        if (field < s->rules->field_count &&
            rp_str_starts(s->rules->fields[field].key, RP_STR("mql_touch.")))
            rp_facts_read(s, s->rules->fields[field].key, slot);
        return;
    }
    /* A copy: cells move when others grow. */
    bytes = memcpy(rp_arena_alloc(s->arena, len), cell, len);
    memcpy(&count, bytes, sizeof(count));
    atoms = count == 1 ? &slot->one : RP_ARENA_ARRAY(s->arena, struct rp_atom, count);
    bytes += 8;
    for (uint32_t i = 0; i < count; i++) {
        struct item item;

        memcpy(&item, bytes, sizeof(item));
        atoms[i] = (struct rp_atom){
            .type = item.type,
            .number = item.number,
            .text = {(const char *)bytes + sizeof(item), item.len},
        };
        bytes += sizeof(item) + pad8(item.len);
    }
    slot->value = (struct rp_value){atoms, count};
}

bool rp_profile_write(struct rp_scratch *s, struct rp_lead *lead, uint32_t field,
                      struct rp_atom *atoms, uint32_t count)
{
    uint32_t key = rp_cell_key(RP_CELL_TRAIT, 0, field), old_len = 0;
    const void *old = rp_lead_cell(lead, key, &old_len);
    size_t len = 8;
    uint8_t *bytes, *at;

    if (count == 0) {
        if (old)
            rp_lead_cell_remove(lead, key);
        rp_bind_forget(s, field);
        return old != NULL;
    }
    for (uint32_t i = 0; i < count; i++)
        len += sizeof(struct item) + pad8(atoms[i].text.len);
    bytes = rp_arena_zalloc(s->arena, len);
    memcpy(bytes, &count, sizeof(count));
    at = bytes + 8;
    for (uint32_t i = 0; i < count; i++) {
        struct item item = {.len = (uint32_t)atoms[i].text.len, .type = atoms[i].type};

        item.number = atoms[i].type == RP_STRING ? 0 : atoms[i].number;
        memcpy(at, &item, sizeof(item));
        if (item.len)
            memcpy(at + sizeof(item), atoms[i].text.ptr, item.len);
        at += sizeof(item) + pad8(item.len);
    }
    if (old && old_len == len && memcmp(old, bytes, len) == 0)
        return false;
    memcpy(rp_lead_cell_resize(lead, key, (uint32_t)len), bytes, len);
    rp_bind_forget(s, field);
    return true;
}

static bool write_text(struct rp_scratch *s, struct rp_lead *lead, uint32_t field,
                       struct rp_str text)
{
    struct rp_atom atom = {.type = RP_STRING, .text = text};

    return rp_profile_write(s, lead, field, &atom, text.len ? 1 : 0);
}

/* The scalars of a value of an event: none for null. */
static uint32_t prop_atoms(struct rp_scratch *s, uint32_t at, struct rp_atom **ret_atoms)
{
    const struct rp_prop *props = s->event->props;
    uint32_t count = 0, end = props[at].type == RP_ARRAY ? props[at].next : at + 1;
    uint32_t from = props[at].type == RP_ARRAY ? at + 1 : at;
    struct rp_atom *atoms = RP_ARENA_ARRAY(s->arena, struct rp_atom, end - from + 1);

    for (uint32_t i = from; i < end; i = props[i].next) {
        const struct rp_prop *prop = &props[i];

        if (!prop->dropped && prop->type != RP_NULL && prop->type <= RP_STRING)
            atoms[count++] =
                (struct rp_atom){.type = prop->type, .text = prop->text, .number = prop->number};
    }
    *ret_atoms = atoms;
    return count;
}

/* ---- E-mail, language ---------------------------------------------------------------------------
 */

/* A public key cannot change the e-mail of a lead that has one. */
static bool merge_email(struct rp_scratch *s, struct rp_lead *lead)
{
    const struct rp_event *event = s->event;
    uint32_t domain = s->rules->email_domain_field;
    struct rp_str email;
    const char *at = NULL;
    bool changed;

    if (s->hits[s->rules->email_field].epoch != s->epoch || !rp_event_email(event, &email))
        return false;
    if ((event->flags & RP_EVENT_PUBLIC) && has_trait(lead, s->rules->email_field))
        return false;
    changed = write_text(s, lead, s->rules->email_field, email);
    for (size_t i = 0; i < email.len; i++)
        at = email.ptr[i] == '@' ? email.ptr + i + 1 : at;
    if (domain != RP_NONE && at)
        changed |=
            write_text(s, lead, domain, (struct rp_str){at, email.len - (size_t)(at - email.ptr)});
    return changed;
}

/* "fr-FR", "fr_CA": the language is what stands before the region. */
static struct rp_str primary_language(struct rp_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (i >= 2 && i <= 3 && (text.ptr[i] == '-' || text.ptr[i] == '_'))
            return (struct rp_str){text.ptr, i};
    }
    return text;
}

static bool merge_hit(struct rp_scratch *s, struct rp_lead *lead, uint32_t field)
{
    struct rp_atom *atoms;
    uint32_t count = prop_atoms(s, s->hits[field].prop, &atoms);

    /* Of an empty list or a list of objects nothing can be said; only a null removes. */
    if (count == 0 && s->event->props[s->hits[field].prop].type != RP_NULL)
        return false;
    if (field == s->rules->language_field && count == 1 && atoms[0].type == RP_STRING)
        atoms[0].text = primary_language(atoms[0].text);
    if (field == s->rules->email_field) {
        /* merge_email wrote it; what is left is the null that removes it. */
        if (count || (s->event->flags & RP_EVENT_PUBLIC))
            return false;
        if (s->rules->email_domain_field != RP_NONE)
            rp_profile_write(s, lead, s->rules->email_domain_field, NULL, 0);
    }
    return rp_profile_write(s, lead, field, atoms, count);
}

/* ---- Traits that no rule names --------------------------------------------------------------- */

static bool other_next(const uint8_t *cell, uint32_t len, uint32_t *at, struct rp_str *ret_name,
                       struct item *ret_item, struct rp_str *ret_text)
{
    uint32_t name_len;

    if (*at >= len)
        return false;
    memcpy(&name_len, cell + *at, sizeof(name_len));
    memcpy(ret_item, cell + *at + 8, sizeof(*ret_item));
    *ret_text = (struct rp_str){(const char *)cell + *at + 8 + sizeof(*ret_item), ret_item->len};
    *ret_name = (struct rp_str){ret_text->ptr + pad8(ret_item->len), name_len};
    *at += (uint32_t)(8 + sizeof(*ret_item) + pad8(ret_item->len) + pad8(name_len));
    return true;
}

static void other_put(struct rp_buf *out, struct rp_str name, const struct item *item,
                      struct rp_str text)
{
    static const char zero[8];
    uint32_t head[2] = {(uint32_t)name.len, 0};

    rp_buf_add(out, head, sizeof(head));
    rp_buf_add(out, item, sizeof(*item));
    rp_buf_add(out, text.ptr, text.len);
    rp_buf_add(out, zero, pad8(text.len) - text.len);
    rp_buf_add(out, name.ptr, name.len);
    rp_buf_add(out, zero, pad8(name.len) - name.len);
}

static void other_set(struct rp_lead *lead, struct rp_str name, const struct rp_prop *prop)
{
    uint32_t key = rp_cell_key(RP_CELL_OTHER, 0, 0), len = 0, at = 0, count = 0;
    const uint8_t *cell = rp_lead_cell(lead, key, &len);
    struct item item = {.number = prop->type == RP_STRING ? 0 : prop->number,
                        .len = (uint32_t)prop->text.len,
                        .type = prop->type};
    struct rp_buf out = {0};
    struct item old;
    struct rp_str old_name, old_text;
    bool found = false;

    while (cell && other_next(cell, len, &at, &old_name, &old, &old_text)) {
        count++;
        if (!rp_str_eq(old_name, name)) {
            other_put(&out, old_name, &old, old_text);
        } else {
            found = true;
            if (prop->type != RP_NULL)
                other_put(&out, name, &item, prop->text);
        }
    }
    if (!found && prop->type != RP_NULL && count < OTHER_TRAITS_MAX)
        other_put(&out, name, &item, prop->text);
    if (out.len)
        memcpy(rp_lead_cell_resize(lead, key, (uint32_t)out.len), out.ptr, out.len);
    else
        rp_lead_cell_remove(lead, key);
    rp_buf_fini(&out);
}

/* Walks one object of traits; names are dotted from it. */
static void other_object(struct rp_scratch *s, struct rp_lead *lead, uint32_t at,
                         struct rp_str prefix)
{
    const struct rp_prop *props = s->event->props;

    for (uint32_t i = at + 1; i < props[at].next; i = props[i].next) {
        struct rp_str name = props[i].key;

        if (props[i].dropped)
            continue;
        if (prefix.len)
            name = rp_arena_printf(s->arena, "%.*s.%.*s", RP_STR_ARG(prefix), RP_STR_ARG(name));
        if (props[i].type == RP_OBJECT)
            other_object(s, lead, i, name);
        else if (props[i].type != RP_ARRAY && name.len <= RP_ID_MAX)
            other_set(lead, name, &props[i]);
    }
}

static void merge_others(struct rp_scratch *s, struct rp_lead *lead)
{
    static const char *const roots[] = {"context.traits", "traits"};

    for (size_t r = 0; r < RP_COUNT(roots); r++) {
        const struct rp_prop *root = rp_event_get(s->event, rp_path_of(rp_str_from(roots[r])));

        if (root && root->type == RP_OBJECT)
            other_object(s, lead, (uint32_t)(root - s->event->props), (struct rp_str){0});
    }
}

bool rp_profile_other(struct rp_scratch *s, const struct rp_lead *lead, struct rp_str name,
                      struct rp_scalar *ret_value)
{
    uint32_t len = 0, at = 0;
    const uint8_t *cell = rp_lead_cell(lead, rp_cell_key(RP_CELL_OTHER, 0, 0), &len);
    struct rp_str found, text;
    struct item item;

    while (cell && other_next(cell, len, &at, &found, &item, &text)) {
        if (!rp_str_eq(found, name))
            continue;
        *ret_value =
            (struct rp_scalar){.type = item.type,
                               .text = rp_arena_str(s->arena, text),
                               .number = item.type == RP_STRING ? (double)NAN : item.number};
        return true;
    }
    return false;
}

/* ---- The merge ------------------------------------------------------------------------------- */

bool rp_profile_known(const struct rp_rules *rules, const struct rp_lead *lead)
{
    return has_trait(lead, rules->user_field) || has_trait(lead, rules->email_field);
}

bool rp_profile_merge(struct rp_scratch *s, struct rp_lead *lead)
{
    const struct rp_event *event = s->event;
    bool changed = false;

    if (event->user_id.len)
        changed |= write_text(s, lead, s->rules->user_field, event->user_id);
    changed |= merge_email(s, lead);
    for (uint32_t i = 0; i < s->hit_count; i++)
        changed |= merge_hit(s, lead, s->hit_fields[i]);
    if (s->rules->keeps_traits && event->type != RP_GROUP)
        merge_others(s, lead);
    return changed;
}

/* ---- Touches --------------------------------------------------------------------------------- */

static bool touch_write(struct rp_scratch *s, struct rp_lead *lead, enum rp_touch touch,
                        const struct rp_touch_values *values)
{
    bool changed = false;

    for (uint32_t a = 0; a < RP_TOUCH_ATTRS; a++) {
        if (s->index->touch[touch][a] != RP_NONE)
            changed |= write_text(s, lead, s->index->touch[touch][a], values->attrs[a]);
    }
    return changed;
}

bool rp_profile_touch(struct rp_scratch *s, struct rp_lead *lead, bool was_known, bool *touched)
{
    struct rp_touch_values values;
    bool changed = false;

    if (!s->index->touches)
        return false;
    if (rp_touch_of_event(s, &values)) {
        if (!*touched)
            changed |= touch_write(s, lead, RP_TOUCH_FIRST, &values);
        if (!*touched || values.attributed)
            changed |= touch_write(s, lead, RP_TOUCH_LAST, &values);
        *touched = true;
    }
    if (was_known || !rp_profile_known(s->rules, lead))
        return changed;
    for (uint32_t a = 0; a < RP_TOUCH_ATTRS; a++) {
        struct rp_slot last = {0};

        if (s->index->touch[RP_TOUCH_LEAD][a] == RP_NONE)
            continue;
        rp_profile_read(s, lead, s->index->touch[RP_TOUCH_LAST][a], &last);
        changed |= rp_profile_write(s, lead, s->index->touch[RP_TOUCH_LEAD][a], last.value.atoms,
                                    last.value.count);
    }
    return changed;
}
