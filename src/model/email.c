/* SPDX-License-Identifier: MIT */
/* The row's body of an e-mail, there and back, and addresses. Pure; knows no templates, no MIME and
 * no mail server. */
#include "model/email.h"

#include "base/json_read.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "base/utf8.h"

#include <stddef.h>

static const struct {
    const char *key;
    size_t at;
} texts[] = {
    {"template", offsetof(struct rp_email, template)},
    {"purpose", offsetof(struct rp_email, purpose)},
    {"to", offsetof(struct rp_email, to)},
    {"from", offsetof(struct rp_email, from)},
    {"replyTo", offsetof(struct rp_email, reply_to)},
    {"subject", offsetof(struct rp_email, subject)},
    {"text", offsetof(struct rp_email, text)},
    {"html", offsetof(struct rp_email, html)},
};

void rp_email_write(const struct rp_email *email, struct rp_buf *out)
{
    struct rp_jw jw = rp_jw(out);

    rp_jw_object(&jw);
    for (size_t i = 0; i < RP_COUNT(texts); i++) {
        const struct rp_str *text =
            (const struct rp_str *)(const void *)((const char *)email + texts[i].at);

        if (text->len > 0)
            rp_jw_put_str(&jw, texts[i].key, *text);
    }
    if (email->track)
        rp_jw_put_bool(&jw, "track", true);
    rp_jw_object_end(&jw);
}

int rp_email_read(struct rp_arena *arena, struct rp_str json, struct rp_email *ret_email,
                  struct rp_err *err)
{
    struct rp_email email = {0};
    struct rp_json reader;
    enum rp_json_token token;

    rp_json_init(&reader, arena, json);
    token = rp_json_next(&reader);
    while (token != RP_JSON_ERROR && rp_json_next(&reader) == RP_JSON_KEY) {
        struct rp_str key = reader.string;
        size_t i = 0;

        while (i < RP_COUNT(texts) && !rp_str_is(key, texts[i].key))
            i++;
        if (i == RP_COUNT(texts)) {
            struct rp_str raw;

            token = rp_json_skip(&reader, &raw);
            if (token == RP_JSON_TRUE && rp_str_is(key, "track"))
                email.track = true;
            continue;
        }
        token = rp_json_next(&reader);
        if (token != RP_JSON_STRING)
            return rp_err_set(err, RIPEN_EINPUT, "\"%s\" of the e-mail is no text", texts[i].key);
        *(struct rp_str *)(void *)((char *)&email + texts[i].at) = reader.string;
    }
    if (reader.error || rp_json_next(&reader) != RP_JSON_END || email.to.len == 0)
        return rp_err_set(err, RIPEN_EINPUT, "the row's body is no e-mail with an address");
    *ret_email = email;
    return 0;
}

bool rp_email_is_marketing(const struct rp_email *email)
{
    return !rp_str_is(email->purpose, RP_PURPOSE_TRANSACTIONAL);
}

/* ---- Addresses ------------------------------------------------------------------------------- */

static struct rp_str trimmed(struct rp_str text)
{
    while (text.len > 0 && text.ptr[0] == ' ') {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && text.ptr[text.len - 1] == ' ')
        text.len--;
    return text;
}

static bool is_domain(struct rp_str domain)
{
    bool dot = false;

    if (domain.len == 0 || domain.len > 253 || domain.ptr[0] == '.' || domain.ptr[0] == '-')
        return false;
    for (size_t i = 0; i < domain.len; i++) {
        unsigned char c = (unsigned char)domain.ptr[i];
        bool ends = i + 1 == domain.len || domain.ptr[i + 1] == '.';

        if (c >= 0x80)
            continue; /* an internationalised name */
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              (c == '-' && !ends) || (c == '.' && !ends)))
            return false;
        dot |= c == '.';
    }
    return dot || rp_str_is(domain, "localhost");
}

/* An atom with dots, as RFC 5322 has it, and UTF-8 as RFC 6531 does; quoted ones are refused. */
static bool is_local(struct rp_str local)
{
    static const char specials[] = "!#$%&'*+-/=?^_`{|}~";

    if (local.len == 0 || local.len > 64)
        return false;
    for (size_t i = 0; i < local.len; i++) {
        unsigned char c = (unsigned char)local.ptr[i];
        bool dot = c == '.' && i > 0 && i + 1 < local.len && local.ptr[i - 1] != '.';

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c >= 0x80 || dot || (c != 0 && strchr(specials, c) != NULL)))
            return false;
    }
    return true;
}

static bool is_plain(struct rp_str text)
{
    for (size_t i = 0; i < text.len;) {
        size_t size = rp_utf8_size(text.ptr + i, text.len - i);

        if (size == 0 || (unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
            return false;
        i += size;
    }
    return true;
}

bool rp_mailbox_parse(struct rp_str text, struct rp_mailbox *ret_mailbox)
{
    struct rp_mailbox box = {.name = RP_STR("")};
    const char *open, *at;

    if (!is_plain(text) || text.len > RP_MAILBOX_MAX)
        return false;
    text = trimmed(text);
    open = text.len > 0 && text.ptr[text.len - 1] == '>' ? memrchr(text.ptr, '<', text.len) : NULL;
    box.address = text;
    if (open) {
        box.name = trimmed((struct rp_str){text.ptr, (size_t)(open - text.ptr)});
        box.address = (struct rp_str){open + 1, (size_t)(rp_str_end(text) - open) - 2};
        if (box.name.len >= 2 && box.name.ptr[0] == '"' && box.name.ptr[box.name.len - 1] == '"')
            box.name = (struct rp_str){box.name.ptr + 1, box.name.len - 2};
    }
    at = box.address.len > 0 ? memrchr(box.address.ptr, '@', box.address.len) : NULL;
    if (at == NULL || box.address.len > 254)
        return false;
    box.domain = (struct rp_str){at + 1, (size_t)(rp_str_end(box.address) - at) - 1};
    if (!is_local((struct rp_str){box.address.ptr, (size_t)(at - box.address.ptr)}) ||
        !is_domain(box.domain))
        return false;
    *ret_mailbox = box;
    return true;
}
