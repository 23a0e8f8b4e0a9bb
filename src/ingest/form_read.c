/* SPDX-License-Identifier: MIT */
/* Bodies of forms: RFC 7578 (multipart/form-data, as browsers write it) and the URL standard's
 * urlencoded. Bounded by fields and by the body; nothing is nested. */
#include "ingest/form_read.h"

#include "base/text.h"
#include "base/utf8.h"
#include "net/url.h"

#include <strings.h>

#define BOUNDARY_MAX 70 /* RFC 2046 */

struct reading {
    struct rp_arena *arena;
    struct rp_form_fields *fields;
    struct rp_err *err;
};

static int add(struct reading *r, struct rp_str name, struct rp_str value)
{
    if (name.len == 0)
        return 0;
    if (r->fields->count == RP_FORM_FIELDS_MAX)
        return rp_err_set(r->err, RIPEN_ELIMIT, "a form holds at most %d fields",
                          RP_FORM_FIELDS_MAX);
    r->fields->list[r->fields->count++] = (struct rp_form_field){name, value};
    return 0;
}

static int read_urlencoded(struct reading *r, struct rp_str body)
{
    struct rp_str raw_name, raw_value, name, value;
    size_t at = 0;
    int status = 0;

    while (status == 0 && rp_url_param(body, &at, &raw_name, &raw_value)) {
        if (!rp_url_decode(r->arena, raw_name, true, &name) ||
            !rp_url_decode(r->arena, raw_value, true, &value))
            return rp_err_set(r->err, RIPEN_EINPUT, "the field \"%.*s\" is not well encoded",
                              (int)(raw_name.len < 60 ? raw_name.len : 60),
                              raw_name.ptr ? raw_name.ptr : "");
        status = add(r, name, value);
    }
    return status;
}

/* ---- Parts ----------------------------------------------------------------------------------- */

static bool starts_nocase(struct rp_str text, const char *prefix)
{
    size_t len = strlen(prefix);

    return text.len >= len && strncasecmp(text.ptr, prefix, len) == 0;
}

/* The parameter of a header value: name="value" or name=value behind a ';'. Browsers write a quote
 * inside as %22. */
static bool parameter(struct rp_str header, const char *name, struct rp_str *ret_value)
{
    size_t len = strlen(name), at = 0;

    while (at < header.len && header.ptr[at] != ';')
        at++;
    while (at < header.len) {
        struct rp_str rest;
        bool quoted;
        at++; /* the ';' */
        while (at < header.len && (header.ptr[at] == ' ' || header.ptr[at] == '\t'))
            at++;
        rest = (struct rp_str){header.ptr + at, header.len - at};
        bool hit = starts_nocase(rest, name) && rest.len > len && rest.ptr[len] == '=';
        while (at < header.len && header.ptr[at] != '=' && header.ptr[at] != ';')
            at++;
        if (at >= header.len || header.ptr[at] == ';')
            continue;
        at++;
        quoted = at < header.len && header.ptr[at] == '"';
        at += quoted;
        size_t start = at;
        while (at < header.len && header.ptr[at] != (quoted ? '"' : ';'))
            at++;
        if (hit) {
            *ret_value = (struct rp_str){header.ptr + start, at - start};
            return true;
        }
        while (at < header.len && header.ptr[at] != ';')
            at++;
    }
    return false;
}

static struct rp_str find(struct rp_str in, struct rp_str what)
{
    const char *hit =
        in.len >= what.len && in.len ? memmem(in.ptr, in.len, what.ptr, what.len) : NULL;

    return hit ? (struct rp_str){hit, in.len - (size_t)(hit - in.ptr)} : RP_STR("");
}

/* The name of a part from its headers; ret_file: it is a file of that name. */
static bool part_name(struct rp_str head, struct rp_str *ret_name, struct rp_str *ret_file,
                      bool *ret_is_file)
{
    while (head.len > 0) {
        const char *end = memchr(head.ptr, '\n', head.len);
        size_t len = end ? (size_t)(end - head.ptr) + 1 : head.len;
        struct rp_str line = {head.ptr, len};
        if (starts_nocase(line, "content-disposition:")) {
            line = rp_str_trim(line);
            *ret_is_file = parameter(line, "filename", ret_file);
            return parameter(line, "name", ret_name);
        }
        head.ptr += len;
        head.len -= len;
    }
    return false;
}

static struct rp_str unquoted(struct rp_arena *arena, struct rp_str text)
{
    char *out;
    size_t len = 0;

    if (text.len < 3 || find(text, RP_STR("%22")).len == 0)
        return text;
    out = rp_arena_alloc(arena, text.len);
    for (size_t i = 0; i < text.len; i++) {
        bool quote = i + 3 <= text.len && memcmp(text.ptr + i, "%22", 3) == 0;
        out[len++] = quote ? '"' : text.ptr[i];
        i += quote ? 2 : 0;
    }
    return (struct rp_str){out, len};
}

static int read_part(struct reading *r, struct rp_str part)
{
    struct rp_str blank = RP_STR("\r\n\r\n"), name, file = RP_STR("");
    struct rp_str content = find(part, blank);
    bool is_file = false;

    if (content.len == 0)
        return rp_err_set(r->err, RIPEN_EINPUT, "a part of the form has no end of its headers");
    struct rp_str head = {part.ptr, (size_t)(content.ptr - part.ptr) + 2};
    content.ptr += blank.len;
    content.len -= blank.len;
    if (!part_name(head, &name, &file, &is_file))
        return rp_err_set(r->err, RIPEN_EINPUT, "a part of the form has no name");
    return add(r, unquoted(r->arena, name), is_file ? unquoted(r->arena, file) : content);
}

static int read_multipart(struct reading *r, struct rp_str content_type, struct rp_str body)
{
    struct rp_str boundary, dash, rest;

    if (!parameter(content_type, "boundary", &boundary) || boundary.len == 0 ||
        boundary.len > BOUNDARY_MAX)
        return rp_err_set(r->err, RIPEN_EINPUT,
                          "multipart/form-data needs a boundary of 1 to %d characters",
                          BOUNDARY_MAX);
    dash = rp_arena_printf(r->arena, "\r\n--%.*s", RP_STR_ARG(boundary));
    struct rp_str first = {dash.ptr + 2, dash.len - 2};
    rest = rp_str_starts(body, first) ? body : find(body, dash);
    if (rest.len > 0 && rest.ptr[0] == '\r') {
        rest.ptr += 2;
        rest.len -= 2;
    }
    while (rest.len >= first.len + 2) {
        struct rp_str part = {rest.ptr + first.len, rest.len - first.len}, next;
        if (memcmp(part.ptr, "--", 2) == 0)
            return 0;
        next = find(part, dash);
        if (next.len == 0)
            break;
        part.len = (size_t)(next.ptr - part.ptr);
        if (part.len < 2 || memcmp(part.ptr, "\r\n", 2) != 0)
            break;
        part.ptr += 2;
        part.len -= 2;
        int status = read_part(r, part);
        if (status)
            return status;
        rest = (struct rp_str){next.ptr + 2, next.len - 2};
    }
    return rp_err_set(r->err, RIPEN_EINPUT, "the form has no end: its last boundary is missing");
}

int rp_form_read(struct rp_arena *arena, struct rp_str content_type, struct rp_str body,
                 struct rp_form_fields *ret_fields, struct rp_err *err)
{
    struct reading r = {arena, ret_fields, err};

    *ret_fields = (struct rp_form_fields){
        .list = RP_ARENA_ARRAY(arena, struct rp_form_field, RP_FORM_FIELDS_MAX)};
    if (content_type.len == 0 || starts_nocase(content_type, "application/x-www-form-urlencoded"))
        return read_urlencoded(&r, body);
    if (starts_nocase(content_type, "multipart/form-data"))
        return read_multipart(&r, content_type, body);
    return rp_err_set(err, RIPEN_ENOTFOUND,
                      "a form comes as application/x-www-form-urlencoded or multipart/form-data; "
                      "JSON goes to /v1/track");
}

struct rp_str rp_form_value(const struct rp_form_fields *fields, const char *name)
{
    for (size_t i = 0; i < fields->count; i++) {
        if (rp_str_is(fields->list[i].name, name))
            return fields->list[i].value;
    }
    return RP_STR("");
}
