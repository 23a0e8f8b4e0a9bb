/* SPDX-License-Identifier: MIT */
/* The queue: order, bound, groups, closing, waking; with threads, so that the thread sanitizer sees
 * it. */
#include "base/mem.h"
#include "ingest/queue.h"
#include "unit/ingest/ingest_tests.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static void count_wake(void *ctx)
{
    atomic_fetch_add((atomic_size_t *)ctx, 1);
}

static struct rp_batch *batch_of(size_t items)
{
    struct rp_batch *batch = rp_batch_new();

    batch->item_count = items;
    return batch;
}

static void free_list(struct rp_batch *batch)
{
    while (batch) {
        struct rp_batch *next = batch->next;
        rp_batch_free(batch);
        batch = next;
    }
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void bound(void **state)
{
    atomic_size_t wakes = 0;
    struct rp_queue *queue = rp_queue_new(10, count_wake, &wakes);
    struct rp_batch *a = batch_of(6), *b = batch_of(4), *c = batch_of(1), *d = batch_of(0);
    bool closed;

    (void)state;
    assert_true(rp_queue_push(queue, a));
    assert_true(rp_queue_push(queue, b)); /* exactly full */
    assert_int_equal(rp_queue_events(queue), 10);
    assert_false(rp_queue_push(queue, c)); /* one past it */
    assert_false(rp_queue_push(queue, d)); /* an empty batch counts as one */
    assert_ptr_equal(rp_queue_take(queue, 6, 0, &closed), a);
    assert_null(a->next);
    assert_false(rp_queue_push(queue, c)); /* taken is not finished: it is still in memory */
    rp_queue_finish(queue, a);
    assert_int_equal(atomic_load(&wakes), 1);
    assert_true(rp_queue_push(queue, c));
    assert_ptr_equal(rp_queue_take(queue, 100, 0, &closed), b);
    assert_ptr_equal(b->next, c);
    assert_false(closed);
    rp_queue_finish(queue, b);
    assert_int_equal(atomic_load(&wakes), 1); /* the first wake was not followed yet */
    struct rp_batch *first = rp_queue_finished(queue);
    assert_ptr_equal(first, a);
    assert_ptr_equal(a->next, b);
    assert_ptr_equal(b->next, c);
    assert_null(c->next);
    assert_null(rp_queue_finished(queue));
    assert_int_equal(rp_queue_events(queue), 0);
    free_list(first);
    rp_batch_free(d);
    rp_queue_free(queue);
}

/* A batch larger than the bound goes in alone, else it could never go. */
static void larger_than_the_bound(void **state)
{
    atomic_size_t wakes = 0;
    struct rp_queue *queue = rp_queue_new(10, count_wake, &wakes);
    struct rp_batch *large = batch_of(11), *small = batch_of(1);
    bool closed;

    (void)state;
    assert_true(rp_queue_push(queue, large));
    assert_false(rp_queue_push(queue, small));
    assert_ptr_equal(rp_queue_take(queue, 5, 0, &closed), large); /* also whole */
    rp_queue_finish(queue, large);
    assert_true(rp_queue_push(queue, small));
    free_list(rp_queue_finished(queue));
    free_list(rp_queue_take(queue, 100, 0, &closed));
    rp_queue_close(queue);
    rp_queue_free(queue);
}

static void groups_by_events(void **state)
{
    static const size_t sizes[] = {3, 3, 4, 5, 12, 1};
    static const size_t groups[] = {2, 2, 1, 1}; /* batches taken with at most 9 events */
    atomic_size_t wakes = 0;
    struct rp_queue *queue = rp_queue_new(1000, count_wake, &wakes);
    bool closed;

    (void)state;
    for (size_t i = 0; i < RP_COUNT(sizes); i++)
        assert_true(rp_queue_push(queue, batch_of(sizes[i])));
    for (size_t g = 0; g < RP_COUNT(groups); g++) {
        size_t count = 0;
        struct rp_batch *first = rp_queue_take(queue, 9, 0, &closed);
        for (struct rp_batch *batch = first; batch; batch = batch->next)
            count++;
        assert_int_equal(count, groups[g]);
        rp_queue_finish(queue, first);
    }
    assert_null(rp_queue_take(queue, 9, 0, &closed));
    assert_false(closed);
    free_list(rp_queue_finished(queue));
    rp_queue_free(queue);
}

static void closing(void **state)
{
    atomic_size_t wakes = 0;
    struct rp_queue *queue = rp_queue_new(10, count_wake, &wakes);
    struct rp_batch *batch = batch_of(1), *late = batch_of(1);
    bool closed = true;

    (void)state;
    assert_true(rp_queue_push(queue, batch));
    rp_queue_close(queue);
    assert_false(rp_queue_push(queue, late));
    assert_ptr_equal(rp_queue_take(queue, 10, 10000, &closed),
                     batch); /* what waits is still taken */
    assert_false(closed);
    rp_queue_finish(queue, batch);
    assert_null(rp_queue_take(queue, 10, 10000, &closed)); /* and it does not wait for more */
    assert_true(closed);
    free_list(rp_queue_finished(queue));
    rp_batch_free(late);
    rp_queue_free(queue);
}

static void waiting(void **state)
{
    atomic_size_t wakes = 0;
    struct rp_queue *queue = rp_queue_new(10, count_wake, &wakes);
    bool closed;

    (void)state;
    int64_t began = now_ms();
    assert_null(rp_queue_take(queue, 10, 50, &closed));
    assert_in_range(now_ms() - began, 49, 1000);
    rp_queue_nudge(queue); /* before the wait: not lost */
    began = now_ms();
    assert_null(rp_queue_take(queue, 10, 5000, &closed));
    assert_in_range(now_ms() - began, 0, 1000);
    assert_false(closed);
    began = now_ms(); /* one nudge, one wake */
    assert_null(rp_queue_take(queue, 10, 30, &closed));
    assert_in_range(now_ms() - began, 29, 1000);
    rp_queue_free(queue);
}

struct line {
    struct rp_queue *queue;
    atomic_size_t wakes;
    size_t taken;
};

static void *take_all(void *ctx);

static pthread_t line_start(struct line *line)
{
    pthread_t writer;

    line->queue = rp_queue_new(50, count_wake, &line->wakes);
    pthread_create(&writer, NULL, take_all, line);
    return writer;
}

static void line_stop(struct line *line, pthread_t writer)
{
    rp_queue_close(line->queue);
    pthread_join(writer, NULL);
    assert_int_equal(rp_queue_events(line->queue), 0);
    rp_queue_free(line->queue);
}

static void *take_all(void *ctx)
{
    struct line *line = ctx;
    bool closed = false;

    while (!closed) {
        struct rp_batch *first = rp_queue_take(line->queue, 7, 1000, &closed);
        for (struct rp_batch *batch = first; batch; batch = batch->next) {
            batch->accepted = line->taken++; /* the place in which it was taken */
            batch->status = 0;
        }
        if (first)
            rp_queue_finish(line->queue, first);
    }
    return NULL;
}

/* Two threads, a small bound: all come back, once, in the order of the push. */
static void in_order_across_threads(void **state)
{
    enum { COUNT = 20000 };
    struct line line = {0};
    size_t pushed = 0, seen = 0;
    pthread_t writer = line_start(&line);

    (void)state;
    while (seen < COUNT) {
        if (pushed < COUNT) {
            struct rp_batch *batch = batch_of(pushed % 3 + 1);
            batch->duplicates = pushed;
            rp_queue_send(line.queue);
            if (rp_queue_push(line.queue, batch))
                pushed++;
            else
                rp_batch_free(batch);
        }
        struct rp_batch *first = rp_queue_finished(line.queue);
        for (struct rp_batch *batch = first; batch; batch = batch->next) {
            assert_int_equal(batch->duplicates, seen);
            assert_int_equal(batch->accepted, seen);
            seen++;
        }
        free_list(first);
    }
    line_stop(&line, writer);
    assert_int_equal(line.taken, COUNT);
    assert_true(atomic_load(&line.wakes) > 0);
}

/* One batch at a time, back and forth: a lost wake-up would cost the writer's whole wait. */
static void never_sleeps_with_work(void **state)
{
    struct line line = {0};
    pthread_t writer = line_start(&line);

    (void)state;
    int64_t began = now_ms();
    for (int i = 0; i < 2000; i++) {
        struct rp_batch *first = NULL;
        assert_true(rp_queue_push(line.queue, batch_of(1)));
        rp_queue_send(line.queue);
        while (!(first = rp_queue_finished(line.queue)))
            sched_yield();
        free_list(first);
    }
    assert_true(now_ms() - began < 5000);
    line_stop(&line, writer);
}

/* A turn with many requests wakes the writer before its end. */
static void many_do_not_wait_for_the_turn(void **state)
{
    struct line line = {0};
    pthread_t writer = line_start(&line);

    (void)state;
    int64_t began = now_ms();
    for (int round = 0; round < 500; round++) {
        for (int i = 0; i < RP_QUEUE_SEND_AFTER; i++)
            assert_true(rp_queue_push(line.queue, batch_of(1)));
        while (rp_queue_events(line.queue) > 0)
            sched_yield();
        free_list(rp_queue_finished(line.queue));
    }
    assert_true(now_ms() - began < 5000);
    line_stop(&line, writer);
}

int test_queue(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bound),
        cmocka_unit_test(many_do_not_wait_for_the_turn),
        cmocka_unit_test(larger_than_the_bound),
        cmocka_unit_test(groups_by_events),
        cmocka_unit_test(closing),
        cmocka_unit_test(waiting),
        cmocka_unit_test(in_order_across_threads),
        cmocka_unit_test(never_sleeps_with_work),
    };

    return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
