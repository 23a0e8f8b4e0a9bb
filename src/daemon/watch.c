/* SPDX-License-Identifier: MIT */
/* One uv_fs_event a folder: a watch on a file sits on its inode and is deaf after the first editor
 * that saves by rename. Links are looked at a few times a second instead of watching the folders in
 * which they stand, since the database often stands there too and would wake the loop with each of
 * its writes.
 *
 * Events whose name no rule file can have (copies of editors, databases) are passed over; one
 * without a name counts. */
#include "daemon/watch.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/files.h"

#include <stdlib.h>
#include <string.h>

enum { LOOK_MS = 250, LINKS_MAX = 256 };

struct folder {
    uv_fs_event_t event;
    struct rp_watch *watch;
    struct folder *next;
    char *path;
};

struct rp_watch {
    uv_timer_t look;
    void (*changed)(void *ctx);
    void *ctx;
    struct folder *folders;
    char **links;
    size_t link_count;
    uint64_t links_seen;
    size_t handles; /* open ones */
    bool blind, freed;
};

static void destroy_if_last(struct rp_watch *watch)
{
    if (--watch->handles > 0 || !watch->freed)
        return;
    for (size_t i = 0; i < watch->link_count; i++)
        free(watch->links[i]);
    free(watch->links);
    free(watch);
}

static void on_folder_closed(uv_handle_t *handle)
{
    struct folder *folder = handle->data;
    struct rp_watch *watch = folder->watch;

    free(folder->path);
    free(folder);
    destroy_if_last(watch);
}

static void on_look_closed(uv_handle_t *handle)
{
    destroy_if_last(handle->data);
}

/* A folder's name has no ending; a file that is no rule file has another one. */
static bool may_matter(const char *name)
{
    static const char *const endings[] = {".lua", ".txt", ".csv", ".html"};
    struct rp_str text;

    if (!name)
        return true;
    text = rp_str_from(name);
    if (rp_files_ignored(name))
        return false;
    for (size_t i = 0; i < RP_COUNT(endings); i++) {
        if (rp_str_ends(text, rp_str_from(endings[i])))
            return true;
    }
    return strchr(name, '.') == NULL;
}

static void on_event(uv_fs_event_t *event, const char *name, int events, int status)
{
    struct folder *folder = event->data;

    (void)events;
    if (status < 0 || may_matter(name))
        folder->watch->changed(folder->watch->ctx);
}

static void on_look(uv_timer_t *timer)
{
    struct rp_watch *watch = timer->data;
    uint64_t seen = rp_sight_links(watch->links, watch->link_count);

    if (seen != watch->links_seen) {
        watch->links_seen = seen;
        watch->changed(watch->ctx);
    }
}

struct rp_watch *rp_watch_new(uv_loop_t *loop, void (*changed)(void *ctx), void *ctx)
{
    struct rp_watch *watch = rp_calloc(1, sizeof(*watch));

    watch->changed = changed;
    watch->ctx = ctx;
    uv_timer_init(loop, &watch->look);
    watch->look.data = watch;
    watch->handles = 1;
    uv_timer_start(&watch->look, on_look, LOOK_MS, LOOK_MS);
    return watch;
}

static void add_folder(struct rp_watch *watch, const char *path)
{
    struct folder *folder = rp_calloc(1, sizeof(*folder));
    int status;

    uv_fs_event_init(watch->look.loop, &folder->event);
    folder->event.data = folder;
    folder->watch = watch;
    folder->path = rp_strndup(path, strlen(path));
    folder->next = watch->folders;
    watch->folders = folder;
    watch->handles++;
    status = uv_fs_event_start(&folder->event, on_event, path, 0);
    if (status != 0 && status != UV_ENOENT && !watch->blind) {
        watch->blind = true;
        rp_log(RP_LOG_WARN, "watch", "folder=%s problem=\"%s: changes are noticed a little later\"",
               path, uv_strerror(status));
    }
}

/* A folder that was replaced has the same path and another inode: whether it was cannot be seen
 * from here, so all of them are watched anew. They are few. */
void rp_watch_set(struct rp_watch *watch, const struct rp_sight *sight)
{
    struct folder *old = watch->folders;

    watch->folders = NULL;
    while (old) {
        struct folder *next = old->next;

        uv_close((uv_handle_t *)&old->event, on_folder_closed);
        old = next;
    }
    watch->blind = false;
    for (size_t i = 0; i < sight->folder_count; i++)
        add_folder(watch, sight->folders[i]);
    for (size_t i = 0; i < watch->link_count; i++)
        free(watch->links[i]);
    watch->link_count = sight->link_count < LINKS_MAX ? sight->link_count : LINKS_MAX;
    watch->links = rp_realloc(watch->links, (watch->link_count + 1) * sizeof(char *));
    for (size_t i = 0; i < watch->link_count; i++)
        watch->links[i] = rp_strndup(sight->links[i], strlen(sight->links[i]));
    watch->links_seen = rp_sight_links(watch->links, watch->link_count);
}

bool rp_watch_is_blind(const struct rp_watch *watch)
{
    return watch->blind;
}

void rp_watch_free(struct rp_watch *watch)
{
    static const struct rp_sight nothing;

    if (!watch)
        return;
    rp_watch_set(watch, &nothing);
    watch->freed = true;
    uv_timer_stop(&watch->look);
    uv_close((uv_handle_t *)&watch->look, on_look_closed);
}
