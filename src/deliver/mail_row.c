/* SPDX-License-Identifier: MIT */
/* What turns a row into a message: the sender, the way to unsubscribe, followed links, the open
 * pixel, the trap for robots; MIME is mime.c's. Marketing mail without a way out is not sent. Pure.
 */
#include "deliver/mail_row.h"

#include "base/limits.h"
#include "deliver/html_text.h"
#include "deliver/mime.h"

#include <strings.h>

struct following {
    const struct rp_mail_row *row;
    const struct rp_mail_sender *sender;
    const struct rp_email *email;
};

/* ---- Links ----------------------------------------------------------------------------------- */

static bool is_web(struct rp_str address)
{
    return (address.len > 8 && strncasecmp(address.ptr, "https://", 8) == 0) ||
           (address.len > 7 && strncasecmp(address.ptr, "http://", 7) == 0);
}

static bool is_anchor(struct rp_str inside)
{
    static const char *const names[] = {"a", "area"};

    for (size_t i = 0; i < RP_COUNT(names); i++) {
        size_t len = strlen(names[i]);

        if (inside.len > len && strncasecmp(inside.ptr, names[i], len) == 0 &&
            strchr(" \t\r\n", inside.ptr[len]) != NULL)
            return true;
    }
    return false;
}

/* The end of a tag: a '>' outside quotes; NULL: none. */
static const char *tag_end(struct rp_str html, size_t at)
{
    char quote = 0;

    for (; at < html.len; at++) {
        char c = html.ptr[at];

        if (quote)
            quote = c == quote ? 0 : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '>')
            return html.ptr + at;
    }
    return NULL;
}

void rp_mail_links(struct rp_str html,
                   void (*link)(void *ctx, struct rp_str url, struct rp_buf *out), void *ctx,
                   struct rp_buf *out)
{
    struct rp_buf url = {0};
    size_t copied = 0, links = 0;

    for (size_t at = 0; at < html.len && links < RP_MAIL_LINKS_MAX; at++) {
        struct rp_str inside = {html.ptr + at + 1, 0}, value;
        const char *end;

        if (html.ptr[at] != '<' || !is_anchor((struct rp_str){inside.ptr, html.len - at - 1}))
            continue;
        end = tag_end(html, at);
        if (end == NULL)
            break;
        inside.len = (size_t)(end - inside.ptr);
        at = (size_t)(end - html.ptr);
        value = rp_html_href(inside);
        if (!is_web(value))
            continue;
        rp_buf_add(out, html.ptr + copied, (size_t)(value.ptr - html.ptr) - copied);
        rp_buf_reset(&url);
        rp_html_address(value, &url);
        link(ctx, rp_buf_view(&url), out);
        copied = (size_t)(rp_str_end(value) - html.ptr);
        links++;
    }
    rp_buf_add(out, html.ptr + copied, html.len - copied);
    rp_buf_fini(&url);
}

static void follow(void *ctx, struct rp_str url, struct rp_buf *out)
{
    const struct following *f = ctx;

    f->sender->link(f->sender->ctx, RP_MAIL_LINK_CLICK, f->row, f->email, url, out);
}

/* ---- The parts ------------------------------------------------------------------------------- */

/* The text with each "{unsubscribe}" replaced. */
static struct rp_str with_exit(struct rp_arena *arena, struct rp_str text, struct rp_str link)
{
    const struct rp_str mark = RP_STR(RP_MAIL_UNSUBSCRIBE);
    struct rp_buf out = {0};
    const char *at;

    if (text.len == 0 || memmem(text.ptr, text.len, mark.ptr, mark.len) == NULL)
        return text;
    while (text.len > 0 && (at = memmem(text.ptr, text.len, mark.ptr, mark.len)) != NULL) {
        rp_buf_add(&out, text.ptr, (size_t)(at - text.ptr));
        rp_buf_str(&out, link);
        text = (struct rp_str){at + mark.len, (size_t)(rp_str_end(text) - at) - mark.len};
    }
    rp_buf_str(&out, text);
    text = rp_arena_str(arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    return text;
}

/* Where the body ends, or the text. */
static size_t body_end(struct rp_str html)
{
    for (size_t i = html.len; i >= 7; i--)
        if (strncasecmp(html.ptr + i - 7, "</body>", 7) == 0)
            return i - 7;
    return html.len;
}

/* A link that no person sees, hears or reaches with the keyboard: who follows it is a robot. */
static void put_trap(const struct following *f, struct rp_buf *out)
{
    rp_buf_text(out, "<a href=\"");
    f->sender->link(f->sender->ctx, RP_MAIL_LINK_TRAP, f->row, f->email, RP_STR(""), out);
    rp_buf_text(out, "\" rel=\"nofollow\" aria-hidden=\"true\" tabindex=\"-1\" "
                     "style=\"display:none\"></a>");
}

static struct rp_str followed(struct rp_arena *arena, const struct following *f)
{
    struct rp_buf links = {0}, out = {0};
    struct rp_str html;
    size_t end;

    rp_mail_links(f->email->html, follow, (void *)(uintptr_t)f, &links);
    html = rp_buf_view(&links);
    end = body_end(html);
    rp_buf_add(&out, html.ptr, end);
    if (rp_email_is_marketing(f->email))
        put_trap(f, &out);
    rp_buf_text(&out, "<img src=\"");
    f->sender->link(f->sender->ctx, RP_MAIL_LINK_OPEN, f->row, f->email, RP_STR(""), &out);
    rp_buf_text(&out, "\" width=\"1\" height=\"1\" alt=\"\" style=\"display:none\">");
    rp_buf_add(&out, html.ptr + end, html.len - end);
    html = rp_arena_str(arena, rp_buf_view(&out));
    rp_buf_fini(&links);
    rp_buf_fini(&out);
    return html;
}

static int check(const struct rp_mail_sender *sender, struct rp_mail_message *message,
                 struct rp_err *err)
{
    struct rp_str from = message->email.from.len > 0 ? message->email.from : sender->from;

    if (!rp_mailbox_parse(message->email.to, &message->to))
        return rp_err_set(err, RIPEN_EINPUT, "the row's e-mail has no address that mail can go to");
    if (!rp_mailbox_parse(from, &message->sender))
        return rp_err_set(err, RIPEN_EINPUT, "the sender \"%.*s\" is no e-mail address",
                          (int)(from.len < 100 ? from.len : 100), from.ptr ? from.ptr : "");
    if (rp_email_is_marketing(&message->email) && sender->link == NULL)
        return rp_err_set(err, RIPEN_EINPUT,
                          "a marketing mail needs a way to unsubscribe: set server { url = "
                          "\"https://…\" } in ripen.lua, load the configuration again, then retry; "
                          "or give the e-mail purpose = \"transactional\"");
    return 0;
}

int rp_mail_compose(struct rp_arena *arena, const struct rp_mail_row *row,
                    const struct rp_mail_sender *sender, struct rp_mail_message *ret_message,
                    struct rp_err *err)
{
    struct rp_mail_message message = {0};
    struct rp_buf exit = {0};
    struct rp_mime mime;
    bool marketing;
    int status = rp_email_read(arena, row->body, &message.email, err);

    if (status == 0)
        status = check(sender, &message, err);
    if (status != 0)
        return status;
    marketing = rp_email_is_marketing(&message.email);
    if (marketing)
        sender->link(sender->ctx, RP_MAIL_LINK_UNSUBSCRIBE, row, &message.email, RP_STR(""), &exit);
    mime = (struct rp_mime){
        .key = row->key,
        .created_ms = row->created_ms,
        .from = message.email.from.len > 0 ? message.email.from : sender->from,
        .subject = message.email.subject,
        .to = message.email.to,
        .reply_to = message.email.reply_to,
        .text = message.email.text,
        .html = message.email.html,
        .unsubscribe = rp_buf_view(&exit),
    };
    if (mime.html.len > 0 && (marketing || message.email.track) && sender->link)
        mime.html = followed(arena, &(struct following){row, sender, &message.email});
    if (mime.text.len == 0 && mime.html.len > 0) { /* of the links as the author wrote them */
        struct rp_buf text = {0};

        rp_html_text(with_exit(arena, message.email.html, mime.unsubscribe), &text);
        mime.text = rp_arena_str(arena, rp_buf_view(&text));
        rp_buf_fini(&text);
    }
    mime.text = with_exit(arena, mime.text, mime.unsubscribe);
    mime.html = with_exit(arena, mime.html, mime.unsubscribe);
    status = rp_mime_write(&mime, &message.bytes, err);
    rp_buf_fini(&exit);
    if (status != 0)
        rp_buf_fini(&message.bytes);
    else
        *ret_message = message;
    return status;
}
