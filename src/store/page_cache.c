/* SPDX-License-Identifier: MIT */
/* At the end of every transaction SQLite tells its cache to forget all pages behind the end of the
 * file. There are none, unless a transaction was undone, and the cache knows that by the largest
 * page number that it ever had. But where neighbours of an index are put in order, SQLite keeps one
 * of them under a number far behind the end for a moment; from then on its cache takes that for the
 * largest and looks through all of its pages at the next commit, which takes the longer the more
 * of them are in memory.
 *
 * This layer remembers a page that was set aside on its own, and asks the cache only when there may
 * be something to forget. Where it does not know, it asks. */
#include "store/page_cache.h"

#include "base/mem.h"

#include <stdlib.h>

struct layer {
    sqlite3_pcache *real;
    unsigned largest; /* no page has a larger number, but for the one that is set aside */
    unsigned aside;   /* 0: none */
};

static struct sqlite3_pcache_methods2 real;

static struct layer *layer_of(sqlite3_pcache *cache)
{
    return (struct layer *)(void *)cache;
}

static sqlite3_pcache *create(int page_size, int extra, int may_drop)
{
    sqlite3_pcache *cache = real.xCreate(page_size, extra, may_drop);
    struct layer *layer;

    if (!cache)
        return NULL;
    layer = rp_calloc(1, sizeof(*layer));
    layer->real = cache;
    return (sqlite3_pcache *)(void *)layer;
}

static void destroy(sqlite3_pcache *cache)
{
    real.xDestroy(layer_of(cache)->real);
    free(layer_of(cache));
}

static sqlite3_pcache_page *fetch(sqlite3_pcache *cache, unsigned number, int make)
{
    struct layer *layer = layer_of(cache);
    sqlite3_pcache_page *page = real.xFetch(layer->real, number, make);

    if (page && number > layer->largest)
        layer->largest = number;
    return page;
}

static void rekey(sqlite3_pcache *cache, sqlite3_pcache_page *page, unsigned from, unsigned to)
{
    struct layer *layer = layer_of(cache);

    real.xRekey(layer->real, page, from, to);
    if (from == layer->aside)
        layer->aside = 0;
    if (to <= layer->largest)
        return;
    if (layer->aside > layer->largest) /* one may be aside, not two */
        layer->largest = layer->aside;
    layer->aside = to;
}

static void truncate_to(sqlite3_pcache *cache, unsigned limit)
{
    struct layer *layer = layer_of(cache);

    if (limit > layer->largest && limit > layer->aside)
        return;
    real.xTruncate(layer->real, limit);
    if (layer->largest >= limit)
        layer->largest = limit ? limit - 1 : 0;
    layer->aside = 0;
}

static void set_size(sqlite3_pcache *cache, int pages)
{
    real.xCachesize(layer_of(cache)->real, pages);
}

static int count(sqlite3_pcache *cache)
{
    return real.xPagecount(layer_of(cache)->real);
}

static void unpin(sqlite3_pcache *cache, sqlite3_pcache_page *page, int discard)
{
    real.xUnpin(layer_of(cache)->real, page, discard);
}

static void shrink(sqlite3_pcache *cache)
{
    real.xShrink(layer_of(cache)->real);
}

const struct sqlite3_pcache_methods2 *rp_page_cache(const struct sqlite3_pcache_methods2 *original)
{
    static struct sqlite3_pcache_methods2 methods;

    real = methods = *original;
    methods.xCreate = create;
    methods.xCachesize = set_size;
    methods.xPagecount = count;
    methods.xFetch = fetch;
    methods.xUnpin = unpin;
    methods.xRekey = rekey;
    methods.xTruncate = truncate_to;
    methods.xDestroy = destroy;
    methods.xShrink = shrink;
    return &methods;
}
