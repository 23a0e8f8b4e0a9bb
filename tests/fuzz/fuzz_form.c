/* SPDX-License-Identifier: MIT */
/* A form's body of any bytes, under each of its content types: fields lie within bounds, the event
 * that they become is JSON, and no field leads a browser to another host. */
#include "base/check.h"
#include "fuzz.h"
#include "ingest/form_read.h"
#include "ingest/pick.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const types[] = {"", "application/x-www-form-urlencoded",
                                        "multipart/form-data; boundary=b",
                                        "multipart/form-data; charset=utf-8; boundary=\"b\""};
    struct rp_form_door form = rp_form_door_default(RP_STR("f"));
    struct rp_form_fields fields;
    struct rp_arena arena;
    struct rp_err err = {0};
    struct rp_str body, type, target, json;
    const char *error;
    size_t at;

    if (size == 0 || size > RP_BODY_MAX)
        return 0;
    rp_arena_init(&arena);
    body = (struct rp_str){(const char *)bytes + 1, size - 1};
    type = rp_str_from(types[bytes[0] % RP_COUNT(types)]);
    if (bytes[0] & 0x80) /* any content type */
        type = rp_arena_str(&arena, body);
    if (rp_form_read(&arena, type, body, &fields, &err) != 0) {
        RP_ASSERT(err.text[0] != '\0');
    } else {
        struct rp_form_origin origin = {.cookies = body, .referer = body};
        RP_ASSERT(fields.count <= RP_FORM_FIELDS_MAX);
        for (size_t i = 0; i < fields.count; i++)
            RP_ASSERT(fields.list[i].name.len > 0);
        json = rp_form_event(&arena, &form, &fields, &origin);
        RP_ASSERT(rp_pick_kind(&arena, json, &error, &at) == RP_JSON_OBJECT);
        target = rp_form_target(&form, &fields);
        RP_ASSERT(target.len == 0 ||
                  (target.ptr[0] == '/' && !rp_str_starts(target, RP_STR("//"))));
        RP_ASSERT(target.len == 0 || !memchr(target.ptr, '\n', target.len));
    }
    rp_arena_fini(&arena);
    return 0;
}
