/* SPDX-License-Identifier: MIT */
/* RFC 5322 messages. Knows headers, encoded words, quoted-printable and the two parts of an
 * alternative; must not know templates, links or mail servers. Invariants: equal input gives equal
 * bytes; no value of a header can end its line; no line is longer than 78 bytes but for one long
 * address. */
#include "deliver/mime.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "base/when.h"
#include "deliver/html_text.h"

#include <time.h>

#include <sodium.h>

enum {
    LINE_MAX_CHARS = 76, /* of quoted-printable, without CRLF */
    FOLD_AT = 76,
    WORD_BYTES = 39, /* of text in one encoded word: with its frame 64 characters */
    PLAIN_WORD = 60, /* a longer run without a space is encoded: so it can be folded */
};

static const char hex[] = "0123456789ABCDEF";

/* ---- Headers --------------------------------------------------------------------------------- */

void rp_mime_date(int64_t ms, struct rp_buf *out)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(ms / RP_SECOND - (ms % RP_SECOND < 0));
    struct tm at = {0};

    (void)gmtime_r(&seconds, &at);
    rp_buf_printf(out, "%s, %02d %s %04d %02d:%02d:%02d +0000", days[at.tm_wday], at.tm_mday,
                  months[at.tm_mon], at.tm_year + 1900, at.tm_hour, at.tm_min, at.tm_sec);
}

static bool is_ascii(struct rp_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < 0x20 || (unsigned char)text.ptr[i] >= 0x7f)
            return false;
    return true;
}

/* Plain where it can be folded between words and cannot be taken for an encoded word. */
static bool is_plain(struct rp_str text)
{
    size_t run = 0;

    for (size_t i = 0; i < text.len; i++) {
        run = text.ptr[i] == ' ' ? 0 : run + 1;
        if (run > PLAIN_WORD || (text.ptr[i] == '=' && i + 1 < text.len && text.ptr[i + 1] == '?'))
            return false;
    }
    return is_ascii(text);
}

/* Encoded words of whole characters, each but the first on a line of its own. */
static void put_encoded(struct rp_buf *out, struct rp_str text)
{
    char word[WORD_BYTES],
        coded[sodium_base64_ENCODED_LEN(WORD_BYTES, sodium_base64_VARIANT_ORIGINAL)];
    size_t len = 0;
    bool first = true;

    for (size_t i = 0; i <= text.len;) {
        size_t size = i < text.len ? rp_utf8_size(text.ptr + i, text.len - i) : 0;
        bool bad = i < text.len && (size == 0 || (unsigned char)text.ptr[i] < 0x20);

        if (i == text.len || len + (bad ? 1 : size) > sizeof(word)) {
            rp_buf_text(out, first ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
            rp_buf_text(out, sodium_bin2base64(coded, sizeof(coded), (const unsigned char *)word,
                                               len, sodium_base64_VARIANT_ORIGINAL));
            rp_buf_text(out, "?=");
            first = false;
            len = 0;
            if (i == text.len)
                return;
        }
        if (bad) {
            word[len++] = size == 0 ? '?' : ' ';
            i++;
        } else {
            memcpy(word + len, text.ptr + i, size);
            len += size;
            i += size;
        }
    }
}

/* Folds between words. `column`: how far the line is. */
static void put_folded(struct rp_buf *out, struct rp_str text, size_t column)
{
    for (size_t i = 0; i < text.len;) {
        size_t end = i + 1; /* the space before a word belongs to it */

        while (end < text.len && text.ptr[end] != ' ')
            end++;
        if (column + (end - i) > FOLD_AT && text.ptr[i] == ' ' && column > 1) {
            rp_buf_text(out, "\r\n");
            column = 0;
        }
        rp_buf_add(out, text.ptr + i, end - i);
        column += end - i;
        i = end;
    }
}

void rp_mime_header(const char *name, struct rp_str value, struct rp_buf *out)
{
    rp_buf_text(out, name);
    rp_buf_text(out, ": ");
    if (is_plain(value))
        put_folded(out, value, strlen(name) + 2);
    else
        put_encoded(out, value);
    rp_buf_text(out, "\r\n");
}

static int put_mailbox(const char *name, struct rp_str text, struct rp_buf *out, struct rp_err *err)
{
    struct rp_mailbox box;

    if (!rp_mailbox_parse(text, &box))
        return rp_err_set(err, RIPEN_EINPUT, "%s \"%.*s\" is no e-mail address", name,
                          (int)(text.len < 100 ? text.len : 100), text.ptr ? text.ptr : "");
    rp_buf_text(out, name);
    rp_buf_text(out, ": ");
    if (box.name.len > 0) {
        if (is_plain(box.name) && box.name.len <= PLAIN_WORD) {
            rp_buf_char(out, '"');
            for (size_t i = 0; i < box.name.len; i++) {
                if (box.name.ptr[i] == '"' || box.name.ptr[i] == '\\')
                    rp_buf_char(out, '\\');
                rp_buf_char(out, box.name.ptr[i]);
            }
            rp_buf_char(out, '"');
        } else {
            put_encoded(out, box.name);
        }
        rp_buf_text(out, "\r\n ");
    }
    rp_buf_printf(out, "<%.*s>\r\n", RP_STR_ARG(box.address));
    return 0;
}

/* ---- Bodies ---------------------------------------------------------------------------------- */

/* The end of a line, as whatever system writes it; 0: none is here. */
static size_t line_end(struct rp_str text, size_t at)
{
    if (text.ptr[at] == '\n')
        return 1;
    if (text.ptr[at] != '\r')
        return 0;
    return at + 1 < text.len && text.ptr[at + 1] == '\n' ? 2 : 1;
}

void rp_mime_quoted(struct rp_str text, struct rp_buf *out)
{
    size_t column = 0;

    for (size_t i = 0; i < text.len;) {
        size_t end = line_end(text, i), size, width;
        unsigned char c = (unsigned char)text.ptr[i];
        bool last, blank, plain;

        if (end > 0) {
            rp_buf_text(out, "\r\n");
            column = 0;
            i += end;
            continue;
        }
        size = c < 0x80 ? 1 : rp_utf8_size(text.ptr + i, text.len - i);
        size = size == 0 ? 1 : size;
        last = i + size == text.len || line_end(text, i + size) > 0;
        blank = c == ' ' || c == '\t';
        /* A dot alone would end the message to a server without transparency. */
        plain = size == 1 && ((c > 0x20 && c < 0x7f && c != '=' && (c != '.' || column > 0)) ||
                              (blank && !last));
        width = plain ? 1 : 3 * size;
        if (column + width + !last > LINE_MAX_CHARS) {
            rp_buf_text(out, "=\r\n");
            column = 0;
            plain &= c != '.';
            width = plain ? 1 : 3 * size;
        }
        for (size_t k = 0; k < size; k++) {
            unsigned char byte = (unsigned char)text.ptr[i + k];

            if (plain) {
                rp_buf_char(out, (char)byte);
            } else {
                rp_buf_char(out, '=');
                rp_buf_char(out, hex[byte >> 4]);
                rp_buf_char(out, hex[byte & 15]);
            }
        }
        column += width;
        i += size;
    }
    if (column > 0)
        rp_buf_text(out, "\r\n");
}

static void put_part(const char *type, struct rp_str text, struct rp_buf *out)
{
    rp_buf_printf(out,
                  "Content-Type: %s; charset=utf-8\r\n"
                  "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
                  type);
    rp_mime_quoted(text, out);
}

static int put_headers(const struct rp_mime *m, struct rp_buf *out, struct rp_err *err)
{
    struct rp_mailbox sender;
    int status = put_mailbox("From", m->from, out, err);

    if (status == 0)
        status = put_mailbox("To", m->to, out, err);
    if (status == 0 && m->reply_to.len > 0)
        status = put_mailbox("Reply-To", m->reply_to, out, err);
    if (status != 0 || !rp_mailbox_parse(m->from, &sender))
        return status;
    rp_mime_header("Subject", m->subject, out);
    rp_buf_text(out, "Date: ");
    rp_mime_date(m->created_ms, out);
    rp_buf_printf(out, "\r\nMessage-ID: <%.*s@%.*s>\r\n", RP_STR_ARG(m->key),
                  RP_STR_ARG(sender.domain));
    if (m->unsubscribe.len > 0)
        rp_buf_printf(out,
                      "List-Unsubscribe: <%.*s>\r\n"
                      "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
                      RP_STR_ARG(m->unsubscribe));
    rp_buf_text(out, "MIME-Version: 1.0\r\n");
    return 0;
}

static bool is_token(struct rp_str text, size_t most)
{
    if (text.len == 0 || text.len > most)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] >= 0x7f || text.ptr[i] == '<' || text.ptr[i] == '>')
            return false;
    return true;
}

int rp_mime_write(const struct rp_mime *m, struct rp_buf *out, struct rp_err *err)
{
    struct rp_buf text = {0};
    int status;

    if (!is_token(m->key, 64) || (m->unsubscribe.len > 0 && !is_token(m->unsubscribe, 900)))
        return rp_err_set(err, RIPEN_EINPUT,
                          "the row's key or the link to unsubscribe cannot stand in a header");
    if (m->text.len == 0 && m->html.len == 0)
        return rp_err_set(err, RIPEN_EINPUT, "the e-mail has neither text nor HTML");
    status = put_headers(m, out, err);
    if (status != 0)
        return status;
    if (m->html.len == 0) {
        put_part("text/plain", m->text, out);
        return 0;
    }
    if (m->text.len == 0)
        rp_html_text(m->html, &text);
    /* "=_" cannot stand in quoted-printable. */
    rp_buf_printf(
        out, "Content-Type: multipart/alternative;\r\n boundary=\"=_%.*s\"\r\n\r\n--=_%.*s\r\n",
        RP_STR_ARG(m->key), RP_STR_ARG(m->key));
    put_part("text/plain", m->text.len > 0 ? m->text : rp_buf_view(&text), out);
    rp_buf_printf(out, "--=_%.*s\r\n", RP_STR_ARG(m->key));
    put_part("text/html", m->html, out);
    rp_buf_printf(out, "--=_%.*s--\r\n", RP_STR_ARG(m->key));
    rp_buf_fini(&text);
    return 0;
}
