/* SPDX-License-Identifier: MIT */
/* The text of an HTML message, for those who read text: one pass, no tree, no style. What it does
 * not know it leaves out; it never fails. */
#include "deliver/html_text.h"

#include "base/utf8.h"

#include <strings.h>

struct reading {
    struct rp_str html;
    size_t at;
    struct rp_buf *out;
    bool blank;         /* white space stands before what comes next */
    unsigned breaks;    /* lines to be ended before what comes next */
    bool begun;         /* something was written */
    struct rp_str link; /* of the open <a>; "" */
    size_t link_from;   /* where its label starts in out */
};

enum tag_kind { INLINE, BREAK, BLOCK, PARAGRAPH, ITEM, LINK, HIDDEN };

static const struct {
    const char *name;
    enum tag_kind kind;
} tags[] = {
    {"br", BREAK},
    {"p", PARAGRAPH},
    {"div", BLOCK},
    {"tr", BLOCK},
    {"table", PARAGRAPH},
    {"h1", PARAGRAPH},
    {"h2", PARAGRAPH},
    {"h3", PARAGRAPH},
    {"h4", PARAGRAPH},
    {"ul", PARAGRAPH},
    {"ol", PARAGRAPH},
    {"li", ITEM},
    {"hr", PARAGRAPH},
    {"a", LINK},
    {"style", HIDDEN},
    {"script", HIDDEN},
    {"title", HIDDEN},
    {"head", HIDDEN},
    {"blockquote", PARAGRAPH},
    {"section", PARAGRAPH},
    {"header", BLOCK},
    {"footer", PARAGRAPH},
};

static void want_breaks(struct reading *r, unsigned count)
{
    r->blank = false;
    if (r->breaks < count)
        r->breaks = count;
}

static void put(struct reading *r, const char *text, size_t len)
{
    if (len == 0)
        return;
    if (r->begun && r->breaks > 0) {
        for (; r->breaks > 0; r->breaks--)
            rp_buf_char(r->out, '\n');
    } else if (r->begun && r->blank) {
        rp_buf_char(r->out, ' ');
    }
    r->breaks = 0;
    r->blank = false;
    r->begun = true;
    rp_buf_add(r->out, text, len);
}

static const struct {
    const char *name, *text;
} entities[] = {
    {"amp", "&"},         {"lt", "<"},     {"gt", ">"},     {"quot", "\""},  {"apos", "'"},
    {"nbsp", "\xc2\xa0"}, {"copy", "©"},   {"reg", "®"},    {"hellip", "…"}, {"mdash", "—"},
    {"ndash", "–"},       {"euro", "€"},   {"laquo", "«"},  {"raquo", "»"},  {"lsquo", "‘"},
    {"rsquo", "’"},       {"ldquo", "“"},  {"rdquo", "”"},  {"bull", "•"},   {"eacute", "é"},
    {"egrave", "è"},      {"agrave", "à"}, {"ccedil", "ç"}, {"uuml", "ü"},   {"ouml", "ö"},
    {"auml", "ä"},        {"szlig", "ß"},  {"zwnj", ""},    {"shy", ""},
};

/* "#8217" or "#x2019"; 0: no character that may stand in a text. */
static uint32_t code_of(struct rp_str name)
{
    bool x = name.len > 1 && (name.ptr[1] | 0x20) == 'x';
    uint32_t code = 0;

    for (size_t i = x ? 2 : 1; i < name.len; i++) {
        char c = name.ptr[i];
        uint32_t digit = c >= '0' && c <= '9' ? (uint32_t)(c - '0')
                         : x && (c | 0x20) >= 'a' && (c | 0x20) <= 'f'
                             ? (uint32_t)((c | 0x20) - 'a' + 10)
                             : 99;
        if (digit == 99 || code > 0x10ffff)
            return 0;
        code = code * (x ? 16 : 10) + digit;
    }
    return code < 0x20 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? 0 : code;
}

/* Behind '&'. True when it was an entity, which is then written. */
static bool put_entity(struct reading *r)
{
    const char *from = r->html.ptr + r->at + 1;
    size_t left = r->html.len - r->at - 1;
    const char *end = memchr(from, ';', left < 12 ? left : 12);
    struct rp_str name = {from, end ? (size_t)(end - from) : 0};
    char text[4];

    if (name.len == 0)
        return false;
    if (name.ptr[0] == '#') {
        uint32_t code = code_of(name);

        if (code == 0)
            return false;
        put(r, text, rp_utf8_put(text, code));
        r->at += name.len + 2;
        return true;
    }
    for (size_t i = 0; i < RP_COUNT(entities); i++) {
        if (rp_str_is(name, entities[i].name)) {
            put(r, entities[i].text, strlen(entities[i].text));
            r->at += name.len + 2;
            return true;
        }
    }
    return false;
}

/* "label (address)", unless the label is the address, or nothing, or no web page. */
static void end_link(struct reading *r)
{
    struct rp_str label = {r->out->ptr + r->link_from, r->out->len - r->link_from};
    struct rp_str link = r->link;
    struct rp_buf address = {0};

    r->link = RP_STR("");
    while (label.len > 0 && (label.ptr[0] == '\n' || label.ptr[0] == ' ')) {
        label.ptr++;
        label.len--;
    }
    if (label.len == 0 || rp_str_eq(label, link) ||
        !(rp_str_starts(link, RP_STR("http")) || rp_str_starts(link, RP_STR("mailto:"))))
        return;
    rp_html_address(link, &address);
    r->blank = true;
    put(r, "(", 1);
    put(r, address.ptr, address.len);
    put(r, ")", 1);
    rp_buf_fini(&address);
}

/* Past the end tag of an element whose content nobody reads. */
static void skip_hidden(struct reading *r, const char *name)
{
    size_t len = strlen(name);

    for (; r->at + len + 2 < r->html.len; r->at++) {
        const char *p = r->html.ptr + r->at;

        if (p[0] == '<' && p[1] == '/' && strncasecmp(p + 2, name, len) == 0)
            return;
    }
    r->at = r->html.len;
}

static void take_tag(struct reading *r, struct rp_str inside)
{
    bool closes = inside.len > 0 && inside.ptr[0] == '/';
    struct rp_str name = {inside.ptr + closes, 0};
    enum tag_kind kind = INLINE;
    const char *known = "";

    while (name.len < inside.len - closes && strchr(" \t\r\n/>", name.ptr[name.len]) == NULL)
        name.len++;
    for (size_t i = 0; i < RP_COUNT(tags); i++) {
        if (name.len == strlen(tags[i].name) &&
            strncasecmp(name.ptr, tags[i].name, name.len) == 0) {
            kind = tags[i].kind;
            known = tags[i].name;
        }
    }
    if (kind == BREAK)
        r->breaks++;
    else if (kind == BLOCK || (kind == ITEM && closes))
        want_breaks(r, 1);
    else if (kind == PARAGRAPH)
        want_breaks(r, 2);
    else if (kind == HIDDEN && !closes)
        skip_hidden(r, known);
    else if (kind == LINK && closes && r->link.len > 0)
        end_link(r);
    if (kind == ITEM && !closes) {
        want_breaks(r, 1);
        put(r, "- ", 2);
    } else if (kind == LINK && !closes) {
        r->link = rp_html_href(inside);
        r->link_from = r->out->len;
    }
}

struct rp_str rp_html_href(struct rp_str inside)
{
    for (size_t i = 1; i + 6 < inside.len; i++) {
        const char *from = inside.ptr + i + 6, *end;
        char quote = inside.ptr[i + 5];

        if (strncasecmp(inside.ptr + i, "href=", 5) != 0 || (quote != '"' && quote != '\'') ||
            strchr(" \t\r\n", inside.ptr[i - 1]) == NULL)
            continue;
        end = memchr(from, quote, inside.len - i - 6);
        return end ? (struct rp_str){from, (size_t)(end - from)} : RP_STR("");
    }
    return RP_STR("");
}

void rp_html_address(struct rp_str value, struct rp_buf *out)
{
    for (size_t i = 0; i < value.len; i++) {
        struct rp_str rest = {value.ptr + i, value.len - i};

        rp_buf_char(out, value.ptr[i]);
        if (rp_str_starts(rest, RP_STR("&amp;")))
            i += 4;
    }
}

static bool starts_tag(char c)
{
    return c == '/' || c == '!' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

void rp_html_text(struct rp_str html, struct rp_buf *out)
{
    struct reading r = {.html = html, .out = out};

    while (r.at < html.len) {
        char c = html.ptr[r.at];
        const char *end = NULL;

        if (c == '<' && r.at + 3 < html.len && memcmp(html.ptr + r.at, "<!--", 4) == 0) {
            struct rp_str rest = {html.ptr + r.at, html.len - r.at};

            end = memmem(rest.ptr, rest.len, "-->", 3);
            r.at = end ? (size_t)(end - html.ptr) + 3 : html.len;
            continue;
        }
        if (c == '<' && r.at + 1 < html.len && starts_tag(html.ptr[r.at + 1]))
            end = memchr(html.ptr + r.at, '>', html.len - r.at);
        if (end) {
            struct rp_str inside = {html.ptr + r.at + 1, (size_t)(end - html.ptr) - r.at - 1};

            r.at = (size_t)(end - html.ptr) + 1;
            take_tag(&r, inside);
        } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            r.blank = r.breaks == 0;
            r.at++;
        } else if (c != '&' || !put_entity(&r)) {
            put(&r, &html.ptr[r.at++], 1);
        }
    }
    if (r.begun)
        rp_buf_char(out, '\n');
}
