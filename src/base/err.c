/* SPDX-License-Identifier: MIT */
/* Error values: the status names (from the one list in ripen.h) and the filling of struct rp_err.
 * The text may be made out of the very struct that it overwrites. A text that is too long is cut
 * between two characters, never inside one. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    int status;
    const char *name, *text;
} statuses[] = {
#define ROW(name, number, text) {number, #name, text},
    RIPEN_STATUS_MAP(ROW)
#undef ROW
};

const char *ripen_status_name(int status)
{
    for (size_t i = 0; i < RP_COUNT(statuses); i++) {
        if (statuses[i].status == status)
            return statuses[i].name;
    }
    return "?";
}

const char *ripen_status_text(int status)
{
    for (size_t i = 0; i < RP_COUNT(statuses); i++) {
        if (statuses[i].status == status)
            return statuses[i].text;
    }
    return "unknown status";
}

const char *ripen_version(void)
{
    return RIPEN_VERSION;
}

/* Takes back the bytes of a character that the end of the array cut. */
static void trim_cut_character(char *text, size_t len)
{
    size_t start = len;

    while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t want = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    if (len - start + 1 < want)
        text[start - 1] = '\0';
}

static void fill(struct rp_err *err, int status, struct rp_str file, int line, const char *fmt,
                 va_list args) RP_PRINTF(5, 0);

static void fill(struct rp_err *err, int status, struct rp_str file, int line, const char *fmt,
                 va_list args)
{
    struct rp_err made = {.status = status, .line = line};
    int len = vsnprintf(made.text, sizeof(made.text), fmt, args);

    RP_ASSERT(len >= 0);
    if ((size_t)len >= sizeof(made.text))
        trim_cut_character(made.text, sizeof(made.text) - 1);
    size_t file_len = file.len < sizeof(made.file) ? file.len : sizeof(made.file) - 1;
    if (file_len > 0)
        memcpy(made.file, file.ptr, file_len);
    if (file_len < file.len)
        trim_cut_character(made.file, file_len);
    *err = made;
}

int rp_err_set(struct rp_err *err, int status, const char *fmt, ...)
{
    if (err) {
        va_list args;
        va_start(args, fmt);
        fill(err, status, (struct rp_str){NULL, 0}, 0, fmt, args);
        va_end(args);
    }
    return status;
}

int rp_err_at(struct rp_err *err, int status, struct rp_str file, int line, const char *fmt, ...)
{
    if (err) {
        va_list args;
        va_start(args, fmt);
        fill(err, status, file, line, fmt, args);
        va_end(args);
    }
    return status;
}
