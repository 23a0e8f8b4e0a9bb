/* SPDX-License-Identifier: MIT */
/* Templates of e-mail: the files of templates/ become literals and placeholders, with the line of
 * each mistake, and `email` parts name them. "hello.fr.html" is the French form of "hello" (and the
 * template "hello.fr" in whatever language). The subject is the part's own, else the text file's
 * first line "Subject: …", else the HTML file's <title>. Braces of other kinds, such as those of
 * style sheets, are no placeholders. */
#include "engine/compile.h"
#include "model/email.h"

#include <stddef.h>
#include <strings.h>

enum { PLACEHOLDER_MAX = 200, LINK_MAX = 2048 };

/* ---- Placeholders in files ------------------------------------------------------------------- */

/* Names, dots and a default: nothing that a style sheet or a script has between braces. */
static bool is_placeholder(struct rp_str inner)
{
    bool letter = false;

    if (inner.len == 0 || inner.len > PLACEHOLDER_MAX)
        return false;
    if (rp_str_is(inner, "unsubscribe")) /* delivery puts the link in, which is made of the row */
        return false;
    for (size_t i = 0; i < inner.len && inner.ptr[i] != '|'; i++) {
        unsigned char c = (unsigned char)inner.ptr[i];

        if (c < 0x20 || strchr(":;{\"'<>=%#$,/", c) != NULL)
            return false;
        letter |= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }
    return letter && memchr(inner.ptr, '\n', inner.len) == NULL;
}

/* Where a value lands in HTML: at the start of a link, further on in it, or elsewhere. */
static enum rp_escape html_escape(struct rp_str text, size_t at)
{
    static const char *const links[] = {"href=", "src=", "action="};
    size_t i = at;
    bool quoted;

    while (i > 0 && at - i < LINK_MAX && strchr("\"'<> \t\n", text.ptr[i - 1]) == NULL)
        i--;
    quoted = i > 0 && (text.ptr[i - 1] == '"' || text.ptr[i - 1] == '\'');
    for (size_t n = 0; n < RP_COUNT(links); n++) {
        size_t len = strlen(links[n]), end = quoted ? i - 1 : i + len;

        if (end > at || end < len || strncasecmp(text.ptr + end - len, links[n], len) != 0)
            continue;
        return (quoted ? i : end) == at ? RP_ESCAPE_LINK : RP_ESCAPE_URL;
    }
    return RP_ESCAPE_HTML;
}

struct spot {
    uint32_t file;
    int line, column;
};

static void move_on(struct spot *spot, const char *from, const char *to)
{
    for (; from < to; from++) {
        if (*from == '\n') {
            spot->line++;
            spot->column = 1;
        } else if (((unsigned char)*from & 0xc0) != 0x80) {
            spot->column++;
        }
    }
}

static void compile_text(struct rp_compile *compile, struct spot spot, struct rp_str text,
                         bool html, struct rp_template *ret_template)
{
    struct rp_template_part *parts;
    size_t most = 1, start = 0;
    uint32_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        most += 2u * (text.ptr[i] == '{');
    parts = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_template_part, most);
    for (size_t at = 0; at < text.len; at++) {
        size_t near = text.len - at < PLACEHOLDER_MAX + 2 ? text.len - at : PLACEHOLDER_MAX + 2;
        const char *close = text.ptr[at] == '{' ? memchr(text.ptr + at, '}', near) : NULL;
        struct rp_str inner;
        struct rp_node node = {.type = RP_NODE_TEXT};

        if (close == NULL)
            continue;
        inner = (struct rp_str){text.ptr + at + 1, (size_t)(close - text.ptr) - at - 1};
        if (!is_placeholder(inner))
            continue;
        if (at > start)
            parts[count++] = (struct rp_template_part){
                .field = RP_NONE,
                .literal = rp_compile_keep(compile, (struct rp_str){text.ptr + start, at - start})};
        move_on(&spot, text.ptr + start, text.ptr + at);
        node.place = (struct rp_place){.file = spot.file, .line = spot.line, .column = spot.column};
        node.text = inner;
        rp_compile_placeholder(compile, &node, inner, &parts[count]);
        parts[count++].escape = html ? html_escape(text, at) : RP_ESCAPE_NONE;
        move_on(&spot, text.ptr + at, close + 1);
        at = (size_t)(close - text.ptr);
        start = at + 1;
    }
    if (start < text.len)
        parts[count++] = (struct rp_template_part){
            .field = RP_NONE,
            .literal =
                rp_compile_keep(compile, (struct rp_str){text.ptr + start, text.len - start})};
    *ret_template = (struct rp_template){.parts = parts, .count = count};
}

/* ---- Subjects -------------------------------------------------------------------------------- */

static const struct {
    const char *entity;
    char text[4];
} entities[] = {{"&amp;", "&"},   {"&lt;", "<"},  {"&gt;", ">"},
                {"&quot;", "\""}, {"&#39;", "'"}, {"&nbsp;", " "}};

/* A subject is no HTML. */
static struct rp_str without_entities(struct rp_compile *compile, struct rp_str text)
{
    struct rp_buf out = {0};
    struct rp_str plain;

    for (size_t i = 0; i < text.len; i++) {
        size_t e = 0;
        struct rp_str rest = {text.ptr + i, text.len - i};

        while (e < RP_COUNT(entities) && !rp_str_starts(rest, rp_str_from(entities[e].entity)))
            e++;
        if (e == RP_COUNT(entities)) {
            rp_buf_char(&out, text.ptr[i]);
            continue;
        }
        rp_buf_text(&out, entities[e].text);
        i += strlen(entities[e].entity) - 1;
    }
    plain = rp_compile_keep(compile, rp_buf_view(&out));
    rp_buf_fini(&out);
    return plain;
}

/* The start of an element's content; NULL: there is none. */
static const char *title_of(struct rp_str html, size_t *ret_len)
{
    for (size_t i = 0; i + 7 < html.len; i++) {
        const char *end;

        if (strncasecmp(html.ptr + i, "<title>", 7) != 0)
            continue;
        i += 7;
        end = memchr(html.ptr + i, '<', html.len - i);
        *ret_len = end ? (size_t)(end - html.ptr) - i : 0;
        return end && *ret_len > 0 ? html.ptr + i : NULL;
    }
    return NULL;
}

static void html_subject(struct rp_compile *compile, struct spot spot, struct rp_str html,
                         struct rp_mail_template *template)
{
    size_t len = 0;
    const char *title = title_of(html, &len);

    if (title == NULL || template->subject.count > 0)
        return;
    move_on(&spot, html.ptr, title);
    compile_text(compile, spot, (struct rp_str){title, len}, false, &template->subject);
    for (uint32_t i = 0; i < template->subject.count; i++)
        template->subject.parts[i].literal =
            without_entities(compile, template->subject.parts[i].literal);
}

/* "Subject: …" and the empty line behind it are no part of the text. */
static struct rp_str text_subject(struct rp_compile *compile, struct spot *spot, struct rp_str text,
                                  struct rp_mail_template *template)
{
    const size_t word = strlen("Subject:");
    const char *end = text.len > 0 ? memchr(text.ptr, '\n', text.len) : NULL;
    struct rp_str line = {text.ptr, end ? (size_t)(end - text.ptr) : text.len}, rest;
    struct spot at = *spot;

    if (line.len <= word || strncasecmp(line.ptr, "Subject:", word) != 0)
        return text;
    rest = (struct rp_str){line.ptr + line.len, text.len - line.len};
    while (rest.len > 0 && (rest.ptr[0] == '\n' || rest.ptr[0] == '\r')) {
        rest.ptr++;
        rest.len--;
    }
    move_on(spot, text.ptr, rest.ptr);
    move_on(&at, text.ptr, text.ptr + word);
    line = (struct rp_str){line.ptr + word, line.len - word};
    while (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    compile_text(compile, at, line, false, &template->subject);
    return rest;
}

/* ---- Files ----------------------------------------------------------------------------------- */

static struct rp_mail_template *template_of(struct rp_compile *compile, struct rp_str stem,
                                            uint32_t file)
{
    struct rp_rules *rules = compile->rules;
    struct rp_mail_template *template;

    for (uint32_t i = 0; i < rules->mail_count; i++)
        if (rp_str_eq(rules->mails[i].name, stem))
            return &rules->mails[i];
    template = &rules->mails[rules->mail_count++];
    *template = (struct rp_mail_template){.name = rp_compile_keep(compile, stem),
                                          .place = {.file = file, .line = 1}};
    return template;
}

static void compile_file(struct rp_compile *compile, uint32_t file, struct rp_str name)
{
    struct rp_str text = compile->files->items[file].text;
    bool html = rp_str_ends(name, RP_STR(".html"));
    struct rp_str stem = {name.ptr, name.len - (html ? 5 : 4)};
    struct rp_mail_template *template = template_of(compile, stem, file);
    struct spot spot = {.file = file, .line = 1, .column = 1};

    if (rp_str_starts(text, RP_STR("\xef\xbb\xbf")))
        text = (struct rp_str){text.ptr + 3, text.len - 3};
    if (html) {
        template->has_html = true;
        html_subject(compile, spot, text, template);
        compile_text(compile, spot, text, true, &template->html);
    } else {
        template->has_text = true;
        text = text_subject(compile, &spot, text, template);
        compile_text(compile, spot, text, false, &template->text);
    }
}

void rp_compile_mails(struct rp_compile *compile)
{
    const struct rp_files *files = compile->files;
    const char *const endings[] = {".txt", ".html"};
    struct rp_str what = compile->what;

    compile->what = RP_STR("");
    compile->rules->mails =
        RP_ARENA_ARRAY(&compile->rules->arena, struct rp_mail_template, files->count);
    for (size_t e = 0; e < RP_COUNT(endings); e++) { /* the text file's subject goes first */
        for (uint32_t i = 0; i < files->count; i++) {
            struct rp_str path = files->items[i].path, prefix = RP_STR("templates/");

            if (rp_str_starts(path, prefix) && rp_str_ends(path, rp_str_from(endings[e])) &&
                path.len > prefix.len + strlen(endings[e]))
                compile_file(compile, i,
                             (struct rp_str){path.ptr + prefix.len, path.len - prefix.len});
        }
    }
    compile->what = what;
}

/* ---- Parts ----------------------------------------------------------------------------------- */

static bool is_language(struct rp_str tag)
{
    bool letters = tag.len == 2 || tag.len == 3 || (tag.len > 3 && tag.ptr[2] == '-') ||
                   (tag.len > 4 && tag.ptr[3] == '-');

    for (size_t i = 0; i < tag.len; i++)
        letters &= tag.ptr[i] == '-' || (tag.ptr[i] >= 'a' && tag.ptr[i] <= 'z') ||
                   (tag.ptr[i] >= 'A' && tag.ptr[i] <= 'Z');
    return letters;
}

/* A template that stands in some languages only leaves the other leads without a mail. */
static void need_default(struct rp_compile *compile, const struct rp_node *node, uint32_t template)
{
    if (template != RP_NONE || node == NULL || node->type != RP_NODE_TEXT)
        return;
    for (uint32_t i = 0; i < compile->rules->mail_count; i++) {
        struct rp_str name = compile->rules->mails[i].name;

        if (name.len > node->text.len + 1 && rp_str_starts(name, node->text) &&
            name.ptr[node->text.len] == '.' &&
            is_language(
                (struct rp_str){name.ptr + node->text.len + 1, name.len - node->text.len - 1})) {
            rp_compile_report(
                compile, RP_CODE_NO_TEMPLATE, node->place, rp_node_width(node),
                rp_arena_printf(compile->arena, "add templates/%.*s.html", RP_STR_ARG(node->text)),
                "template \"%.*s\" has no file for leads of other languages",
                RP_STR_ARG(node->text));
            return;
        }
    }
}

static struct rp_email_part *new_part(struct rp_compile *compile, const struct rp_node *fields)
{
    const struct rp_node *template = rp_node_get(fields, "template");
    const struct rp_node *by = rp_node_get(template, "by");
    struct rp_email_part *part = RP_ARENA_NEW(&compile->rules->arena, struct rp_email_part);
    const struct rp_node *name = template;

    part->by = RP_NONE;
    if (template && template->type == RP_NODE_TABLE) {
        name = rp_node_get(template, "default");
        if (by && by->type == RP_NODE_TEXT) {
            part->by = rp_compile_field(compile, by->text, by->place, rp_node_width(by));
            if (part->by != RP_NONE)
                compile->rules->fields[part->by].keeps_text = true;
        }
    }
    part->template =
        name && name->type == RP_NODE_TEXT ? rp_rules_mail(compile->rules, name->text) : RP_NONE;
    need_default(compile, name, part->template);
    return part;
}

struct rp_email_part *rp_compile_email(struct rp_compile *compile, const struct rp_node *fields)
{
    enum rp_bare before = compile->bare;
    struct rp_email_part *part;
    const struct {
        const char *key;
        size_t at;
    } texts[] = {{"subject", offsetof(struct rp_email_part, subject)},
                 {"from", offsetof(struct rp_email_part, from)},
                 {"reply_to", offsetof(struct rp_email_part, reply_to)}};

    compile->bare = RP_BARE_EVENT;
    part = new_part(compile, fields);
    compile->bare = before;
    for (size_t i = 0; i < RP_COUNT(texts); i++) {
        const struct rp_node *node = rp_node_get(fields, texts[i].key);

        if (node && node->type == RP_NODE_TEXT)
            rp_compile_template(compile, node,
                                (struct rp_template *)(void *)((char *)part + texts[i].at));
    }
    part->purpose = rp_compile_keep(compile, rp_node_text(fields, "purpose"));
    part->track = rp_node_flag(fields, "track", false);
    part->unless = rp_compile_cond(compile, rp_node_get(fields, "unless"), RP_BARE_EVENT);
    return part;
}

void rp_compile_mail_way(struct rp_compile *compile, const struct rp_action_part *part,
                         struct rp_str purpose)
{
    const struct rp_load_options *options = compile->scope->options;

    if (options == NULL)
        return;
    if (part->email->purpose.len > 0)
        purpose = part->email->purpose;
    if (options->no_smtp)
        rp_compile_report(compile, RP_CODE_NO_WAY, part->place, 5,
                          RP_STR("add smtp { url = \"smtp://…\", from = \"…\" } to it"),
                          "%.*s: ripen.lua has no smtp {…}, so this mail cannot go out",
                          RP_STR_ARG(compile->what));
    else if (options->no_url && !rp_str_is(purpose, RP_PURPOSE_TRANSACTIONAL))
        rp_compile_report(compile, RP_CODE_NO_WAY, part->place, 5,
                          RP_STR("add server { url = \"https://…\" } to it, or purpose = "
                                 "\"transactional\" to the mail"),
                          "%.*s: ripen.lua has no address for the link to unsubscribe, without "
                          "which marketing mail does not go out",
                          RP_STR_ARG(compile->what));
}
