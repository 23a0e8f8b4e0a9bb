/* SPDX-License-Identifier: MIT */
/* The log: one record, one line, one write. A record holds at most 2 KiB; control characters in it
 * are escaped, so that a value can neither forge a second record nor drive a terminal. */
#include "base/log.h"

#include "base/buf.h"
#include "base/when.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int level_max = RP_LOG_INFO;
static rp_log_fn *sink_fn;
static void *sink_ctx;

static const char *const level_names[] = {"error", "warn", "info", "debug"};

void rp_log_set(enum rp_log_level max, rp_log_fn *sink, void *ctx)
{
    pthread_mutex_lock(&lock);
    level_max = (int)max;
    sink_fn = sink;
    sink_ctx = ctx;
    pthread_mutex_unlock(&lock);
}

/* A quote ends a value where the line ends or the next key begins: ` key=`. */
static bool ends_value(const char *quote)
{
    const char *key = quote + 2;
    size_t len;

    if (quote[1] == '\0')
        return true;
    len = quote[1] == ' ' ? strspn(key, "abcdefghijklmnopqrstuvwxyz_") : 0;
    return len > 0 && key[len] == '=';
}

static void add_escaped(struct rp_buf *line, const char *text)
{
    bool quoted = false;

    for (const char *start = text; *text; text++) {
        unsigned char c = (unsigned char)*text;
        bool opens = c == '"' && !quoted && text > start && text[-1] == '=';

        if (opens || (c == '"' && quoted && ends_value(text)))
            quoted = !quoted;
        else if (c == '"' && quoted)
            rp_buf_char(line, '\\');
        if (c == '\n')
            rp_buf_text(line, "\\n");
        else if (c < 0x20 || c == 0x7f)
            rp_buf_printf(line, "\\x%02x", c);
        else
            rp_buf_char(line, (char)c);
    }
}

static void write_line(struct rp_buf *line)
{
    size_t at = 0;

    rp_buf_char(line, '\n');
    while (at < line->len) {
        ssize_t n = write(STDERR_FILENO, line->ptr + at, line->len - at);
        if (n <= 0)
            break; /* nobody reads: a log that cannot be written must not stop the work */
        at += (size_t)n;
    }
}

void rp_log(enum rp_log_level level, const char *event, const char *fmt, ...)
{
    char text[2048];
    struct rp_clock clock = rp_clock_system();
    struct rp_buf line = {0};
    va_list args;

    if ((int)level > level_max)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);

    rp_time_print(&line, rp_clock_now(&clock));
    rp_buf_printf(&line, " %s event=", level_names[level]);
    add_escaped(&line, event);
    if (text[0])
        rp_buf_char(&line, ' ');
    add_escaped(&line, text);

    pthread_mutex_lock(&lock);
    if (sink_fn)
        sink_fn(sink_ctx, level, line.ptr);
    else
        write_line(&line);
    pthread_mutex_unlock(&lock);
    rp_buf_fini(&line);
}
