/* SPDX-License-Identifier: MIT */
/* Reads the text once more, byte by byte, and so learns how far Lua came: the token of the message
 * is the last one in front of that place that looks like it. */
#include "engine/stop.h"

#include "engine/scan.h"

#include <stdio.h>
#include <string.h>

struct feed {
    struct rp_str text;
    size_t at;
};

static const char *feed_byte(lua_State *L, void *context, size_t *ret_size)
{
    struct feed *feed = context;

    (void)L;
    *ret_size = feed->at < feed->text.len ? 1 : 0;
    return *ret_size == 1 ? &feed->text.ptr[feed->at++] : NULL;
}

static int load_again(lua_State *L)
{
    struct feed *feed = lua_touserdata(L, 1);

    lua_gc(L, LUA_GCSTOP);
    (void)lua_load(L, feed_byte, feed, "=again", "t");
    lua_gc(L, LUA_GCRESTART);
    return 0;
}

/* How many bytes Lua looked at; one of them may be the one behind the token. */
static size_t bytes_read(struct rp_sandbox *sandbox, struct rp_str text)
{
    struct feed feed = {.text = text};
    char message[sizeof sandbox->message];
    int line = sandbox->line;

    snprintf(message, sizeof message, "%s", sandbox->message);
    (void)rp_sandbox_protect(sandbox, load_again, &feed);
    snprintf(sandbox->message, sizeof sandbox->message, "%s", message);
    sandbox->line = line;
    return feed.at;
}

/* What stands between the quotes of "… near 'x'"; "" at the end of the file. */
static struct rp_str near_of(const char *message)
{
    const char *near = strstr(message, "near '");
    size_t len;

    if (near == NULL)
        return RP_STR("");
    near += strlen("near '");
    len = strlen(near);
    return (struct rp_str){near, len > 0 ? len - 1 : 0};
}

static bool looks_like(struct rp_str text, size_t at, struct rp_str near)
{
    return text.len - at >= near.len && memcmp(text.ptr + at, near.ptr, near.len) == 0;
}

static int width_of(struct rp_str near, const struct rp_token *token)
{
    int width = 0;
    struct rp_str text = near.len > 0 ? near : token->text;

    for (size_t i = 0; i < text.len && text.ptr[i] != '\n'; i++)
        width += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return width > 0 ? width : 1;
}

bool rp_stop_find(struct rp_sandbox *sandbox, struct rp_str text, int *ret_line, int *ret_column,
                  int *ret_width)
{
    size_t skipped = rp_str_starts(text, RP_STR("\xef\xbb\xbf")) ? 3 : 0;
    size_t end =
        skipped + bytes_read(sandbox, (struct rp_str){text.ptr + skipped, text.len - skipped});
    struct rp_str near = near_of(sandbox->message);
    struct rp_scan scan = rp_scan_start(text);
    struct rp_token token, found = {0};

    while ((token = rp_scan_next(&scan)).type != RP_TOKEN_END && token.at < end)
        if (near.len == 0 || (token.at + near.len <= end && looks_like(text, token.at, near)))
            found = token;
    if (found.type == RP_TOKEN_END)
        return false;
    *ret_line = found.line;
    *ret_column = found.column;
    *ret_width = width_of(near, &found);
    return true;
}
