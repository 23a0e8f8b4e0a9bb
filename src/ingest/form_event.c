/* SPDX-License-Identifier: MIT */
/* Fields of a form become a track: all of them as properties, those that describe the person as
 * traits under the names that rules read. What is empty is left out: it would overwrite what is
 * known. A password never gets into an event. */
#include "base/json_write.h"
#include "base/text.h"
#include "base/utf8.h"
#include "ingest/form_read.h"
#include "net/url.h"

#include <sodium.h>

enum role { ROLE_PLAIN, ROLE_ANONYMOUS, ROLE_MESSAGE, ROLE_LEFT_OUT };

static const struct {
    struct rp_str name;
    enum role role;
} roles[] = {
    {{"anonymousId", 11}, ROLE_ANONYMOUS}, {{"anonymous_id", 12}, ROLE_ANONYMOUS},
    {{"messageId", 9}, ROLE_MESSAGE},      {{"next", 4}, ROLE_LEFT_OUT},
    {{"writeKey", 8}, ROLE_LEFT_OUT},      {{"form", 4}, ROLE_LEFT_OUT},
    {{"password", 8}, ROLE_LEFT_OUT},      {{"passwd", 6}, ROLE_LEFT_OUT},
    {{"pwd", 3}, ROLE_LEFT_OUT},
};

/* Names as people write them: without case, spaces, '_' and '-'. */
static const struct {
    const char *plain, *trait;
} traits[] = {
    {"email", "email"},
    {"emailaddress", "email"},
    {"mail", "email"},
    {"firstname", "first_name"},
    {"givenname", "first_name"},
    {"fname", "first_name"},
    {"lastname", "last_name"},
    {"surname", "last_name"},
    {"familyname", "last_name"},
    {"lname", "last_name"},
    {"name", "name"},
    {"fullname", "name"},
    {"yourname", "name"},
    {"phone", "phone"},
    {"phonenumber", "phone"},
    {"tel", "phone"},
    {"mobile", "phone"},
    {"title", "title"},
    {"jobtitle", "title"},
    {"company", "company"},
    {"companyname", "company"},
    {"organization", "company"},
    {"country", "country"},
    {"city", "city"},
    {"industry", "industry"},
    {"employees", "employees"},
};

static enum role role_of(const struct rp_form_door *form, struct rp_str name)
{
    if (rp_str_eq(name, form->honeypot))
        return ROLE_LEFT_OUT;
    for (size_t i = 0; i < RP_COUNT(roles); i++) {
        if (rp_str_eq(name, roles[i].name))
            return roles[i].role;
    }
    return ROLE_PLAIN;
}

static const char *trait_of(struct rp_str name)
{
    char plain[32];
    size_t len = 0;

    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (c == '_' || c == '-' || c == ' ')
            continue;
        if (len == sizeof(plain) - 1)
            return NULL;
        plain[len++] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    plain[len] = '\0';
    for (size_t i = 0; i < RP_COUNT(traits); i++) {
        if (strcmp(plain, traits[i].plain) == 0)
            return traits[i].trait;
    }
    return NULL;
}

/* A list's fields are named tags[]. */
static struct rp_str plain_name(struct rp_str name)
{
    if (name.len > 2 && rp_str_ends(name, RP_STR("[]")))
        name.len -= 2;
    return name;
}

static size_t count_of(const struct rp_form_fields *fields, struct rp_str name, size_t before)
{
    size_t count = 0;

    for (size_t i = 0; i < before; i++) {
        count += rp_str_eq(plain_name(fields->list[i].name), name) &&
                 rp_str_trim(fields->list[i].value).len > 0;
    }
    return count;
}

/* Of several boxes with one name the values are a list. */
static void put_property(struct rp_jw *jw, const struct rp_form_fields *fields, size_t index)
{
    struct rp_str name = plain_name(fields->list[index].name);
    bool listed =
        name.len != fields->list[index].name.len || count_of(fields, name, fields->count) > 1;

    rp_jw_key_str(jw, name);
    if (listed)
        rp_jw_array(jw);
    for (size_t i = index; i < fields->count; i++) {
        struct rp_str value = rp_str_trim(fields->list[i].value);
        if (value.len > 0 && rp_str_eq(plain_name(fields->list[i].name), name)) {
            rp_jw_str(jw, value);
            if (!listed)
                break;
        }
    }
    if (listed)
        rp_jw_array_end(jw);
}

static void put_properties(struct rp_jw *jw, const struct rp_form_door *form,
                           const struct rp_form_fields *fields)
{
    rp_jw_key(jw, "properties");
    rp_jw_object(jw);
    rp_jw_put_str(jw, "form", form->name);
    for (size_t i = 0; i < fields->count; i++) {
        struct rp_str name = plain_name(fields->list[i].name);
        if (role_of(form, name) == ROLE_PLAIN && rp_str_trim(fields->list[i].value).len > 0 &&
            count_of(fields, name, i) == 0)
            put_property(jw, fields, i);
    }
    rp_jw_object_end(jw);
}

static void put_traits(struct rp_jw *jw, const struct rp_form_door *form,
                       const struct rp_form_fields *fields)
{
    bool open = false;

    for (size_t i = 0; i < fields->count; i++) {
        struct rp_str value = rp_str_trim(fields->list[i].value);
        const char *trait = trait_of(fields->list[i].name);
        bool again = false;
        if (!trait || value.len == 0 || role_of(form, fields->list[i].name) != ROLE_PLAIN)
            continue;
        for (size_t k = 0; k < i && !again; k++)
            again = trait_of(fields->list[k].name) == trait &&
                    rp_str_trim(fields->list[k].value).len > 0 &&
                    role_of(form, fields->list[k].name) == ROLE_PLAIN;
        if (again)
            continue;
        if (!open) {
            rp_jw_key(jw, "traits");
            rp_jw_object(jw);
            open = true;
        }
        rp_jw_put_str(jw, trait, value);
    }
    if (open)
        rp_jw_object_end(jw);
}

static void put_role(struct rp_jw *jw, const struct rp_form_door *form,
                     const struct rp_form_fields *fields, enum role role, const char *key,
                     struct rp_str fallback)
{
    for (size_t i = 0; i < fields->count && fallback.len == 0; i++) {
        if (role_of(form, fields->list[i].name) == role)
            fallback = rp_str_trim(fields->list[i].value);
    }
    if (fallback.len > 0)
        rp_jw_put_str(jw, key, fallback);
}

struct rp_str rp_form_event(struct rp_arena *arena, const struct rp_form_door *form,
                            const struct rp_form_fields *fields,
                            const struct rp_form_origin *origin)
{
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&out);
    struct rp_str json, anonymous = RP_STR("");

    for (size_t i = 0; i < fields->count && anonymous.len == 0; i++) {
        if (role_of(form, fields->list[i].name) == ROLE_ANONYMOUS)
            anonymous = rp_str_trim(fields->list[i].value);
    }
    if (anonymous.len == 0)
        anonymous = rp_form_cookie(arena, origin->cookies);
    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "type", "track");
    rp_jw_put_str(&jw, "event", form->event);
    if (anonymous.len > 0)
        rp_jw_put_str(&jw, "anonymousId", anonymous);
    put_role(&jw, form, fields, ROLE_MESSAGE, "messageId", RP_STR(""));
    put_properties(&jw, form, fields);
    rp_jw_key(&jw, "context");
    rp_jw_object(&jw);
    put_traits(&jw, form, fields);
    if (origin->referer.len > 0) {
        rp_jw_key(&jw, "page");
        rp_jw_object(&jw);
        rp_jw_put_str(&jw, "url", origin->referer);
        rp_jw_object_end(&jw);
    }
    if (origin->user_agent.len > 0)
        rp_jw_put_str(&jw, "userAgent", origin->user_agent);
    rp_jw_object_end(&jw);
    rp_jw_object_end(&jw);
    json = rp_arena_str(arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    return json;
}

/* ---- Cookies --------------------------------------------------------------------------------- */

/* The value as the SDKs wrap it: percent-encoded, in quotes, or RudderStack's base64 of them. */
static struct rp_str unwrapped(struct rp_arena *arena, struct rp_str value)
{
    static const struct rp_str packed = {"RS_ENC_v3_", 10};
    unsigned char *bytes;
    size_t len = 0;

    if (!rp_url_decode(arena, value, false, &value))
        return RP_STR("");
    if (rp_str_starts(value, packed)) {
        value.ptr += packed.len;
        value.len -= packed.len;
        while (value.len > 0 && value.ptr[value.len - 1] == '=')
            value.len--;
        bytes = rp_arena_alloc(arena, value.len + 1);
        if (sodium_base642bin(bytes, value.len + 1, value.ptr, value.len, NULL, &len, NULL,
                              sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0)
            return RP_STR("");
        value = (struct rp_str){(const char *)bytes, len};
    }
    if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
        value = (struct rp_str){value.ptr + 1, value.len - 2};
    return value.len <= RP_ID_MAX ? value : RP_STR("");
}

struct rp_str rp_form_cookie(struct rp_arena *arena, struct rp_str cookies)
{
    static const struct rp_str names[] = {
        {"ajs_anonymous_id=", 17}, {"rl_anonymous_id=", 16}, {"__eventn_id=", 12}};

    while (cookies.len > 0) {
        const char *end = memchr(cookies.ptr, ';', cookies.len);
        size_t len = end ? (size_t)(end - cookies.ptr) : cookies.len;
        struct rp_str cookie = rp_str_trim((struct rp_str){cookies.ptr, len});
        for (size_t i = 0; i < RP_COUNT(names); i++) {
            if (rp_str_starts(cookie, names[i])) {
                struct rp_str value = unwrapped(
                    arena, (struct rp_str){cookie.ptr + names[i].len, cookie.len - names[i].len});
                if (value.len > 0)
                    return value;
            }
        }
        cookies.ptr += end ? len + 1 : len;
        cookies.len -= end ? len + 1 : len;
    }
    return RP_STR("");
}

/* ---- Where the browser goes ------------------------------------------------------------------ */

/* "/thanks", but neither "//other.test" nor "/\other.test", which browsers take for another host.
 */
static bool is_path(struct rp_str next)
{
    return next.len > 0 && next.ptr[0] == '/' && !(next.len > 1 && next.ptr[1] == '/');
}

static bool is_below(struct rp_str next, struct rp_str allowed)
{
    if (allowed.len == 0 || !rp_str_starts(next, allowed))
        return false;
    return next.len == allowed.len || allowed.ptr[allowed.len - 1] == '/' ||
           memchr("/?#", next.ptr[allowed.len], 3) != NULL;
}

struct rp_str rp_form_target(const struct rp_form_door *form, const struct rp_form_fields *fields)
{
    struct rp_str next = rp_str_trim(rp_form_value(fields, "next"));

    for (size_t i = 0; i < next.len; i++) {
        unsigned char c = (unsigned char)next.ptr[i];
        if (c <= ' ' || c >= 0x7f || c == '\\')
            return form->redirect;
    }
    if (is_path(next))
        return next;
    for (size_t i = 0; i < form->next.count; i++) {
        if (is_below(next, form->next.items[i]))
            return next;
    }
    return form->redirect;
}
