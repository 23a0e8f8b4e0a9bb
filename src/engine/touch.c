/* SPDX-License-Identifier: MIT */
/* Where an event came from: the campaign that the SDK names, else the utm_ parameters of the page's
 * address, else the site that referred to it. A page without any of them is a direct visit: it
 * tells where the visitor landed, and becomes the first touch, but never replaces a later
 * attribution. */
#include "engine/eval.h"

static struct rp_str touch_text(const struct rp_scratch *s, enum rp_touch_source source)
{
    uint32_t at = s->touch_props[source];

    if (at && s->event->props[at].type == RP_STRING)
        return s->event->props[at].text;
    return (struct rp_str){0};
}

static struct rp_str touch_either(const struct rp_scratch *s, enum rp_touch_source first,
                                  enum rp_touch_source second)
{
    struct rp_str text = touch_text(s, first);

    return text.len ? text : touch_text(s, second);
}

/* "https://www.example.test:8080/a" → "example.test" */
static struct rp_str host_of(struct rp_str url)
{
    static const char scheme[] = "://";
    const char *at = url.len ? memmem(url.ptr, url.len, scheme, 3) : NULL;
    struct rp_str host = {0};

    if (!at)
        return host;
    host = (struct rp_str){at + 3, url.len - (size_t)(at + 3 - url.ptr)};
    for (size_t i = 0; i < host.len; i++) {
        if (memchr("/?#:", host.ptr[i], 4))
            host.len = i;
    }
    if (rp_str_starts(host, RP_STR("www.")))
        host = (struct rp_str){host.ptr + 4, host.len - 4};
    return host;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A value of a query string, with its escapes resolved. */
static struct rp_str unescape(struct rp_arena *arena, struct rp_str text)
{
    char *out = rp_arena_alloc(arena, text.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        int high = text.ptr[i] == '%' && i + 2 < text.len ? hex_digit(text.ptr[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(text.ptr[i + 2]) : -1;

        if (low >= 0) {
            out[len++] = (char)(high * 16 + low);
            i += 2;
        } else {
            out[len++] = text.ptr[i] == '+' ? ' ' : text.ptr[i];
        }
    }
    out[len] = '\0';
    return (struct rp_str){out, len};
}

static struct rp_str query_value(struct rp_arena *arena, struct rp_str query, struct rp_str name)
{
    size_t at = 0;

    while (at < query.len) {
        struct rp_str part = {query.ptr + at, 0};

        while (at + part.len < query.len && query.ptr[at + part.len] != '&')
            part.len++;
        at += part.len + 1;
        if (part.len > name.len && rp_str_starts(part, name) && part.ptr[name.len] == '=')
            return unescape(arena,
                            (struct rp_str){part.ptr + name.len + 1, part.len - name.len - 1});
    }
    return (struct rp_str){0};
}

static struct rp_str query_of(const struct rp_scratch *s)
{
    struct rp_str query = touch_either(s, RP_FROM_SEARCH, RP_FROM_PAGE_SEARCH);
    const char *mark;

    if (query.len == 0)
        query = touch_either(s, RP_FROM_URL, RP_FROM_PAGE_URL);
    else if (query.ptr[0] != '?')
        return query;
    mark = query.len ? memchr(query.ptr, '?', query.len) : NULL;
    if (!mark)
        return (struct rp_str){0};
    query = (struct rp_str){mark + 1, query.len - (size_t)(mark + 1 - query.ptr)};
    mark = query.len ? memchr(query.ptr, '#', query.len) : NULL;
    if (mark)
        query.len = (size_t)(mark - query.ptr);
    return query;
}

bool rp_touch_of_event(struct rp_scratch *s, struct rp_touch_values *ret_touch)
{
    static const char *const utm[] = {"utm_source", "utm_medium", "utm_campaign", "utm_term",
                                      "utm_content"};
    struct rp_str url = touch_either(s, RP_FROM_URL, RP_FROM_PAGE_URL);
    struct rp_str referrer = touch_either(s, RP_FROM_REFERRER, RP_FROM_PAGE_REFERRER);
    struct rp_str query = query_of(s), host = host_of(referrer);
    bool page = s->event->type == RP_PAGE || s->event->type == RP_SCREEN;

    *ret_touch = (struct rp_touch_values){0};
    for (uint32_t a = RP_ATTR_SOURCE; a <= RP_ATTR_CONTENT; a++) {
        ret_touch->attrs[a] = touch_text(s, (enum rp_touch_source)a);
        if (ret_touch->attrs[a].len == 0 && query.len)
            ret_touch->attrs[a] = query_value(s->arena, query, rp_str_from(utm[a]));
        ret_touch->attributed |= ret_touch->attrs[a].len > 0;
    }
    /* Servers and CRMs repeat pages that they know of; only a campaign that they name counts. */
    if (!ret_touch->attributed && (s->event->flags & RP_EVENT_CRM))
        return false;
    if (!ret_touch->attributed && host.len && !rp_str_eq(host, host_of(url))) {
        ret_touch->attrs[RP_ATTR_SOURCE] = host;
        ret_touch->attrs[RP_ATTR_MEDIUM] = RP_STR("referral");
        ret_touch->attributed = true;
    }
    ret_touch->attrs[RP_ATTR_LANDING] = touch_either(s, RP_FROM_PATH, RP_FROM_PAGE_PATH);
    if (ret_touch->attrs[RP_ATTR_LANDING].len == 0)
        ret_touch->attrs[RP_ATTR_LANDING] = url;
    ret_touch->attrs[RP_ATTR_REFERRER] = referrer;
    return ret_touch->attributed || page;
}
