/* SPDX-License-Identifier: MIT */
/* The words of decisions. The structs themselves are filled by the engine. */
#include "model/decision.h"

#include "base/check.h"

const char *rp_action_kind_name(enum rp_action_kind kind)
{
    static const char *const names[] = {
        [RP_ACTION_WEBHOOK] = "webhook", [RP_ACTION_NOTIFY] = "notify",
        [RP_ACTION_TASK] = "task",       [RP_ACTION_SET] = "set",
        [RP_ACTION_EMAIL] = "email",     [RP_ACTION_ASSIGN] = "assign",
        [RP_ACTION_CRM] = "crm",
    };

    RP_ASSERT((size_t)kind < RP_COUNT(names));
    return names[kind];
}
