/* SPDX-License-Identifier: MIT */
/* An `email` part becomes the body of its outbox row: the template in the lead's language, rendered
 * now, so that every attempt sends what was decided. Nothing that a lead wrote about itself can
 * break out of its place: values are escaped where HTML or a link wants it, and a header is one
 * line. What cannot be sent is a row all the same, held with its reason. */
#include "base/limits.h"
#include "base/utf8.h"
#include "engine/eval.h"
#include "model/email.h"

enum { LANGUAGE_MAX = 16, SLUG_MAX = 64 };

/* ---- Which template -------------------------------------------------------------------------- */

/* "Web Analytics!" names web-analytics. */
static uint32_t by_slug(const struct rp_rules *rules, struct rp_str value)
{
    char slug[SLUG_MAX];
    size_t len = 0;

    for (size_t i = 0; i < value.len && len < sizeof(slug); i++) {
        char c = value.ptr[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80))
            slug[len++] = c;
        else if (len > 0 && slug[len - 1] != '-')
            slug[len++] = '-';
    }
    while (len > 0 && slug[len - 1] == '-')
        len--;
    return rp_rules_mail(rules, (struct rp_str){slug, len});
}

static uint32_t template_of(struct rp_scratch *s, const struct rp_email_part *part)
{
    const struct rp_value *value = part->by == RP_NONE ? NULL : rp_bind_value(s, part->by);
    struct rp_str name = value ? rp_value_text(s, value) : RP_STR("");
    uint32_t template = RP_NONE;

    if (name.len > 0)
        template = rp_rules_mail(s->rules, name);
    if (template == RP_NONE && name.len > 0)
        template = by_slug(s->rules, name);
    return template == RP_NONE ? part->template : template;
}

/* The form of it for this language: of "fr-CA" that, else "fr", else the one without. */
static const struct rp_mail_template *in_language(struct rp_scratch *s, uint32_t template)
{
    const struct rp_mail_template *plain = &s->rules->mails[template];
    const struct rp_value *value = rp_bind_value(s, s->rules->language_field);
    struct rp_str wanted = value ? rp_value_text(s, value) : RP_STR("");
    char tag[LANGUAGE_MAX];
    size_t len = 0;

    if (wanted.len == 0 || wanted.len > sizeof(tag))
        return plain;
    for (; len < wanted.len; len++) {
        char c = wanted.ptr[len];

        tag[len] = c == '_' ? '-' : c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    while (len > 0) {
        uint32_t found =
            rp_rules_mail(s->rules, rp_arena_printf(s->arena, "%.*s.%.*s", RP_STR_ARG(plain->name),
                                                    (int)len, tag));
        const char *dash = memrchr(tag, '-', len);

        if (found != RP_NONE)
            return &s->rules->mails[found];
        len = dash ? (size_t)(dash - tag) : 0;
    }
    return plain;
}

/* ---- Texts ----------------------------------------------------------------------------------- */

/* One line of at most `most` bytes: a header's value ends nowhere but at its end. */
static struct rp_str one_line(struct rp_arena *arena, struct rp_str text, size_t most)
{
    char *line = rp_arena_alloc(arena, text.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < text.len && len < most;) {
        size_t size = rp_utf8_size(text.ptr + i, text.len - i);
        unsigned char c = (unsigned char)text.ptr[i];
        bool blank = size == 0 || c <= 0x20 || c == 0x7f;

        if (size == 0)
            size = 1;
        if (!blank && len + size > most)
            break;
        if (!blank) {
            memcpy(line + len, text.ptr + i, size);
            len += size;
        } else if (len > 0 && line[len - 1] != ' ') {
            line[len++] = ' ';
        }
        i += size;
    }
    while (len > 0 && line[len - 1] == ' ')
        len--;
    return (struct rp_str){line, len};
}

static struct rp_str header(struct rp_scratch *s, const struct rp_template *template, size_t most)
{
    return template->count == 0 ? RP_STR("")
                                : one_line(s->arena, rp_template_text(s, template), most);
}

/* The subject of the part, of the template's files, of its form without language; else the first
 * line of the text: better than none. */
static struct rp_str subject_of(struct rp_scratch *s, const struct rp_email_part *part,
                                const struct rp_mail_template *form, uint32_t template,
                                struct rp_str text)
{
    const struct rp_template *choices[] = {&part->subject, &form->subject,
                                           &s->rules->mails[template].subject};
    const char *end;

    for (size_t i = 0; i < RP_COUNT(choices); i++) {
        struct rp_str subject = header(s, choices[i], RP_EMAIL_SUBJECT_MAX);

        if (subject.len > 0)
            return subject;
    }
    while (text.len > 0 && (unsigned char)text.ptr[0] <= ' ') {
        text.ptr++;
        text.len--;
    }
    end = text.len > 0 ? memchr(text.ptr, '\n', text.len) : NULL;
    if (end)
        text.len = (size_t)(end - text.ptr);
    return one_line(s->arena, text, RP_EMAIL_SUBJECT_MAX);
}

static struct rp_str field_text(struct rp_scratch *s, uint32_t field)
{
    const struct rp_value *value = rp_bind_value(s, field);

    return value ? rp_value_text(s, value) : RP_STR("");
}

/* Why it cannot go out; "" when it can. */
static struct rp_str problem_of(struct rp_scratch *s, const struct rp_email *email)
{
    struct rp_mailbox box;

    if (email->to.len == 0)
        return RP_STR("the lead has no e-mail address");
    if (!rp_mailbox_parse(email->to, &box))
        return rp_arena_printf(s->arena, "\"%.*s\" is no address that mail can go to",
                               (int)(email->to.len < 100 ? email->to.len : 100), email->to.ptr);
    if (email->from.len > 0 && !rp_mailbox_parse(email->from, &box))
        return rp_arena_printf(s->arena, "its sender \"%.*s\" is no address",
                               (int)(email->from.len < 100 ? email->from.len : 100),
                               email->from.ptr);
    if (email->reply_to.len > 0 && !rp_mailbox_parse(email->reply_to, &box))
        return rp_arena_printf(s->arena, "its reply_to \"%.*s\" is no address",
                               (int)(email->reply_to.len < 100 ? email->reply_to.len : 100),
                               email->reply_to.ptr);
    if (email->text.len == 0 && email->html.len == 0)
        return RP_STR("its template gives an empty message");
    return RP_STR("");
}

static struct rp_str row_of(struct rp_scratch *s, const struct rp_email *email)
{
    struct rp_buf out = {0};
    struct rp_str body;

    rp_email_write(email, &out);
    body = rp_arena_str(s->arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    return body;
}

bool rp_mail_wanted(struct rp_scratch *s, const struct rp_email_part *part)
{
    return part->unless == NULL || rp_cond_eval(s, part->unless) != RP_TRUE;
}

void rp_mail_render(struct rp_scratch *s, const struct rp_email_part *part, struct rp_str purpose,
                    struct rp_intent *intent)
{
    struct rp_email email = {.to = field_text(s, s->rules->email_field),
                             .from = header(s, &part->from, RP_MAILBOX_MAX),
                             .reply_to = header(s, &part->reply_to, RP_MAILBOX_MAX),
                             .track = part->track};
    uint32_t template = template_of(s, part);
    struct rp_str problem;

    email.purpose = part->purpose.len > 0 ? part->purpose
                    : purpose.len > 0     ? purpose
                                          : RP_STR(RP_PURPOSE_MARKETING);
    if (template == RP_NONE) {
        intent->held =
            RP_STR("there is no template of the name that its field gives, and no default");
    } else {
        const struct rp_mail_template *form = in_language(s, template);

        email.template = form->name;
        email.text = rp_template_text(s, &form->text);
        email.html = rp_template_text(s, &form->html);
        email.subject = subject_of(s, part, form, template, email.text);
        problem = problem_of(s, &email);
        if (problem.len > 0)
            intent->held = problem;
    }
    intent->purpose = email.purpose;
    intent->body = row_of(s, &email);
    if (intent->body.len > RP_EMAIL_BODY_MAX) {
        intent->held = rp_arena_printf(s->arena, "its body has %zu bytes; at most %d are sent",
                                       intent->body.len, RP_EMAIL_BODY_MAX);
        email.text = email.html = RP_STR("");
        intent->body = row_of(s, &email);
    }
}
