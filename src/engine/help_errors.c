/* SPDX-License-Identifier: MIT */
/* `ripen help errors` and `ripen help E012`: the table of codes in its three forms. */
#include "base/json_write.h"
#include "base/wrap.h"
#include "engine/help.h"

#include <string.h>
#include <strings.h>

static void put_code(struct rp_buf *out, const struct rp_code_info *info)
{
    rp_buf_printf(out, "%s  %s\n      why:  ", info->code, info->title);
    rp_wrap(out, rp_str_from(info->cause), 12, 12);
    rp_buf_text(out, "      do:   ");
    rp_wrap(out, rp_str_from(info->remedy), 12, 12);
}

void rp_help_codes(struct rp_buf *out)
{
    rp_buf_text(out, "E: the rules are not taken. W: they are, and something in them is probably\n"
                     "not meant.\n\n");
    for (int i = 0; i < RP_CODE_COUNT; i++)
        put_code(out, rp_code_info((enum rp_code)i));
}

bool rp_help_code(struct rp_buf *out, struct rp_str code)
{
    for (int i = 0; i < RP_CODE_COUNT; i++) {
        const struct rp_code_info *info = rp_code_info((enum rp_code)i);

        if (code.len != strlen(info->code) || strncasecmp(code.ptr, info->code, code.len) != 0)
            continue;
        put_code(out, info);
        rp_buf_text(out, info->severity == RP_SEVERITY_ERROR
                             ? "      An error: the rules are not taken.\n"
                             : "      A warning: the rules are taken (not with --strict).\n");
        return true;
    }
    return false;
}

void rp_help_codes_json(struct rp_buf *out)
{
    struct rp_jw jw = rp_jw(out);

    rp_jw_array(&jw);
    for (int i = 0; i < RP_CODE_COUNT; i++) {
        const struct rp_code_info *info = rp_code_info((enum rp_code)i);

        rp_jw_object(&jw);
        rp_jw_put_text(&jw, "code", info->code);
        rp_jw_put_text(&jw, "severity", info->severity == RP_SEVERITY_ERROR ? "error" : "warning");
        rp_jw_put_text(&jw, "title", info->title);
        rp_jw_put_text(&jw, "cause", info->cause);
        rp_jw_put_text(&jw, "remedy", info->remedy);
        rp_jw_object_end(&jw);
    }
    rp_jw_array_end(&jw);
    rp_buf_char(out, '\n');
}

static void put_cell(struct rp_buf *out, const char *text)
{
    for (const char *at = text; *at; at++) {
        if (*at == '|')
            rp_buf_char(out, '\\');
        rp_buf_char(out, *at);
    }
    rp_buf_text(out, " |");
}

void rp_help_codes_markdown(struct rp_buf *out)
{
    rp_buf_text(out, "| code | finding | cause | remedy |\n|---|---|---|---|\n");
    for (int i = 0; i < RP_CODE_COUNT; i++) {
        const struct rp_code_info *info = rp_code_info((enum rp_code)i);

        rp_buf_printf(out, "| %s | ", info->code);
        put_cell(out, info->title);
        rp_buf_char(out, ' ');
        put_cell(out, info->cause);
        rp_buf_char(out, ' ');
        put_cell(out, info->remedy);
        rp_buf_char(out, '\n');
    }
}
