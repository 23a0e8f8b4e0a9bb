/* SPDX-License-Identifier: MIT */
/* Text of any bytes, up to the first newline; the rest is a pattern. Folding is stable and gives
 * valid UTF-8; matching, numbers, times, durations and zones end without reading past the text. */
#include "base/check.h"
#include "base/num.h"
#include "base/text.h"
#include "base/when.h"
#include "fuzz.h"

static void check_numbers(struct rp_str text)
{
    struct rp_buf out = {0};
    double number, again;
    int64_t ms, ms_again;

    rp_number_in_text(text, &number);
    if (rp_number_parse(text, &number)) {
        rp_number_print(&out, number);
        RP_ASSERT(rp_number_parse(rp_buf_view(&out), &again) && again == number);
    }
    if (rp_time_parse(text, &ms)) {
        rp_buf_reset(&out);
        rp_time_print(&out, ms);
        RP_ASSERT(rp_time_parse(rp_buf_view(&out), &ms_again) && ms_again == ms);
    }
    if (rp_duration_parse(text, &ms)) {
        rp_buf_reset(&out);
        rp_duration_print(&out, ms);
        RP_ASSERT(rp_duration_parse(rp_buf_view(&out), &ms_again) && ms_again == ms);
    }
    rp_zone_day(text, 0);
    rp_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct rp_str whole = {(const char *)bytes, size}, text = whole, pattern = {NULL, 0};
    const char *line_end = size ? memchr(bytes, '\n', size) : NULL;
    struct rp_arena arena;

    if (line_end) {
        text.len = (size_t)(line_end - whole.ptr);
        pattern = (struct rp_str){line_end + 1, size - text.len - 1};
    }
    rp_arena_init(&arena);
    struct rp_str folded = rp_text_fold(&arena, text);
    RP_ASSERT(rp_utf8_valid(folded));
    RP_ASSERT(rp_str_eq(rp_text_fold(&arena, folded), folded));
    RP_ASSERT(rp_text_glob(folded, RP_STR("*")));

    struct rp_str folded_pattern = rp_text_fold(&arena, pattern);
    bool contained = rp_text_contains(folded, folded_pattern);
    RP_ASSERT(!rp_text_word(folded, folded_pattern) || contained);
    struct rp_str around = rp_arena_printf(&arena, "*%.*s*", RP_STR_ARG(folded_pattern));
    if (around.len == folded_pattern.len + 2 && contained) /* printf stops at a NUL */
        RP_ASSERT(rp_text_glob(folded, around));
    rp_text_glob(folded, folded_pattern);
    rp_text_distance(folded, folded_pattern, 2);
    check_numbers(text);
    rp_arena_fini(&arena);
    return 0;
}
