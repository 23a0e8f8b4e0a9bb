/* SPDX-License-Identifier: MIT */
/* curl_multi_socket_action driven by libuv. curl tells which descriptors it waits for
 * (watch_socket) and when it wants to be called at the latest (set_timer); both lead to act(),
 * which lets curl work and hands out the transfers that have ended. Knows no request; must not look
 * into an easy handle beyond CURLOPT_PRIVATE. Invariants: a poll exists exactly while curl waits
 * for its socket; no `done` is called from inside a curl callback. */
#include "deliver/curl_loop.h"

#include "base/mem.h"

#include <stdlib.h>

#define LOOP_MAGIC       UINT32_C(0x63757276)
#define IDLE_CONNECTIONS 256L /* kept open for the next request, over all hosts */

struct watch {
    uv_poll_t poll;
    struct rp_curl_loop *curl;
    struct watch *next, *prev;
    curl_socket_t socket;
};

struct rp_curl_loop {
    uint32_t magic;
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer;
    struct watch *watches;
    size_t calls;   /* transfers under way */
    size_t handles; /* uv handles that are not closed yet */
    bool closing;
    void (*closed)(void *ctx);
    void *closed_ctx;
};

static void handle_closed(struct rp_curl_loop *curl)
{
    RP_ASSERT(curl->handles > 0);
    if (--curl->handles > 0)
        return;
    RP_ASSERT(curl->closing && !curl->watches);
    curl->magic = 0;
    curl->closed(curl->closed_ctx);
    free(curl);
}

static void on_timer_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct watch *watch = handle->data;
    struct rp_curl_loop *curl = watch->curl;

    free(watch);
    handle_closed(curl);
}

static void drop_watch(struct watch *watch)
{
    if (watch->prev)
        watch->prev->next = watch->next;
    else
        watch->curl->watches = watch->next;
    if (watch->next)
        watch->next->prev = watch->prev;
    uv_poll_stop(&watch->poll);
    uv_close((uv_handle_t *)&watch->poll, on_poll_closed);
}

static void collect(struct rp_curl_loop *curl)
{
    CURLMsg *message;
    int left = 0;

    /* `done` may close the loop. */
    while (!curl->closing && (message = curl_multi_info_read(curl->multi, &left))) {
        struct rp_curl_call *call = NULL;
        CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&call);
        RP_ASSERT(call != NULL);
        rp_curl_loop_remove(curl, call);
        call->done(call, code);
    }
}

static void act(struct rp_curl_loop *curl, curl_socket_t fd, int flags)
{
    int running = 0;

    if (curl->closing)
        return;
    curl_multi_socket_action(curl->multi, fd, flags, &running);
    collect(curl);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;
    int flags = 0;

    if (status < 0)
        flags |= CURL_CSELECT_ERR;
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    act(watch->curl, watch->socket, flags); /* may free the watch */
}

static void on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static struct watch *add_watch(struct rp_curl_loop *curl, curl_socket_t fd)
{
    struct watch *watch = rp_calloc(1, sizeof(*watch));

    if (uv_poll_init_socket(curl->loop, &watch->poll, fd) != 0) {
        free(watch);
        return NULL;
    }
    watch->poll.data = watch;
    watch->curl = curl;
    watch->socket = fd;
    watch->next = curl->watches;
    if (watch->next)
        watch->next->prev = watch;
    curl->watches = watch;
    curl->handles++;
    curl_multi_assign(curl->multi, fd, watch);
    return watch;
}

/* A curl_socket_callback. */
static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *userp, void *socketp)
{
    struct rp_curl_loop *curl = userp;
    struct watch *watch = socketp;

    (void)easy;
    RP_CHECK_OBJ(curl, LOOP_MAGIC);
    if (what == CURL_POLL_REMOVE) {
        if (watch) {
            curl_multi_assign(curl->multi, fd, NULL);
            drop_watch(watch);
        }
        return 0;
    }
    if (!watch)
        watch = add_watch(curl, fd);
    if (!watch)
        return -1;
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    return uv_poll_start(&watch->poll, events, on_poll) == 0 ? 0 : -1;
}

/* A curl_multi_timer_callback. */
static int set_timer(CURLM *multi, long timeout_ms, void *userp)
{
    struct rp_curl_loop *curl = userp;

    (void)multi;
    if (timeout_ms < 0 || curl->closing)
        uv_timer_stop(&curl->timer);
    else
        uv_timer_start(&curl->timer, on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

static void start_curl(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        RP_UNREACHABLE(); /* fails only without memory */
}

int rp_curl_loop_new(uv_loop_t *loop, struct rp_curl_loop **ret_curl, struct rp_err *err)
{
    static uv_once_t once = UV_ONCE_INIT;
    struct rp_curl_loop *curl = rp_calloc(1, sizeof(*curl));

    uv_once(&once, start_curl);
    curl->magic = LOOP_MAGIC;
    curl->loop = loop;
    curl->multi = curl_multi_init();
    if (!curl->multi) {
        free(curl);
        return rp_err_set(err, RIPEN_EIO, "libcurl could not be started: out of descriptors?");
    }
    curl_multi_setopt(curl->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(curl->multi, CURLMOPT_SOCKETDATA, curl);
    curl_multi_setopt(curl->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(curl->multi, CURLMOPT_TIMERDATA, curl);
    curl_multi_setopt(curl->multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS);
    uv_timer_init(loop, &curl->timer);
    curl->timer.data = curl;
    curl->handles = 1;
    *ret_curl = curl;
    return RIPEN_OK;
}

int rp_curl_loop_add(struct rp_curl_loop *curl, struct rp_curl_call *call, struct rp_err *err)
{
    RP_CHECK_OBJ(curl, LOOP_MAGIC);
    RP_ASSERT(!curl->closing);
    curl_easy_setopt(call->easy, CURLOPT_PRIVATE, (char *)call);
    CURLMcode code = curl_multi_add_handle(curl->multi, call->easy);
    if (code != CURLM_OK)
        return rp_err_set(err, RIPEN_EIO, "libcurl refused the request: %s",
                          curl_multi_strerror(code));
    curl->calls++;
    return RIPEN_OK;
}

void rp_curl_loop_remove(struct rp_curl_loop *curl, struct rp_curl_call *call)
{
    RP_CHECK_OBJ(curl, LOOP_MAGIC);
    RP_ASSERT(curl->calls > 0);
    curl->calls--;
    curl_multi_remove_handle(curl->multi, call->easy);
}

void rp_curl_loop_close(struct rp_curl_loop *curl, void (*closed)(void *ctx), void *ctx)
{
    RP_CHECK_OBJ(curl, LOOP_MAGIC);
    RP_ASSERT(!curl->closing && curl->calls == 0);
    curl->closing = true;
    curl->closed = closed;
    curl->closed_ctx = ctx;
    curl_multi_cleanup(curl->multi);
    curl->multi = NULL;
    while (curl->watches)
        drop_watch(curl->watches);
    uv_timer_stop(&curl->timer);
    uv_close((uv_handle_t *)&curl->timer, on_timer_closed);
}
