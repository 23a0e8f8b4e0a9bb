/* SPDX-License-Identifier: MIT */
/* Look-ups by name in compiled rules, and their end. */
#include "engine/ruleset.h"

#include <stdlib.h>

/* Names are few where these are called: at the command line and in reports. */
#define FIND(array, number)                                                                        \
    for (uint32_t i = 0; i < (number); i++)                                                        \
        if (rp_str_eq((array)[i].name, name))                                                      \
            return i;                                                                              \
    return RP_NONE

uint32_t rp_rules_kind(const struct rp_rules *rules, struct rp_str name)
{
    FIND(rules->kinds, rules->kind_count);
}

uint32_t rp_rules_stage(const struct rp_rules *rules, struct rp_str name)
{
    FIND(rules->stages, rules->stage_count);
}

uint32_t rp_rules_dim(const struct rp_rules *rules, struct rp_str name)
{
    FIND(rules->dims, rules->dim_count);
}

uint32_t rp_rules_score(const struct rp_rules *rules, struct rp_str name)
{
    FIND(rules->scores, rules->score_count);
}

uint32_t rp_rules_action(const struct rp_rules *rules, struct rp_str name)
{
    FIND(rules->actions, rules->action_count);
}

uint32_t rp_rules_model(const struct rp_rules *rules, struct rp_str name)
{
    FIND(rules->models, rules->model_count);
}

uint32_t rp_rules_experiment(const struct rp_rules *rules, struct rp_str name)
{
    FIND(rules->experiments, rules->experiment_count);
}

uint32_t rp_rules_sequence(const struct rp_rules *rules, struct rp_str name)
{
    FIND(rules->sequences, rules->sequence_count);
}

uint32_t rp_rules_team(const struct rp_rules *rules, struct rp_str name)
{
    FIND(rules->teams, rules->team_count);
}

uint32_t rp_rules_segment(const struct rp_rules *rules, struct rp_str name)
{
    FIND(rules->segments, rules->segment_count);
}

uint32_t rp_rules_mail(const struct rp_rules *rules, struct rp_str name)
{
    FIND(rules->mails, rules->mail_count);
}

uint32_t rp_rules_field(const struct rp_rules *rules, struct rp_str name)
{
    for (uint32_t i = 0; i < rules->field_count; i++)
        if (rp_str_eq(rules->fields[i].name, name) ||
            (rules->fields[i].home != RP_FIELD_EVENT && rp_str_eq(rules->fields[i].key, name)))
            return i;
    return RP_NONE;
}

struct rp_str rp_status_name(const struct rp_rules *rules, const struct rp_lead *lead)
{
    if (lead->stage < rules->stage_count)
        for (uint32_t i = 0; i < rules->stages[lead->stage].status_count; i++)
            if (rules->stages[lead->stage].statuses[i].id == lead->status)
                return rules->stages[lead->stage].statuses[i].name;
    return RP_STR("");
}

void rp_rules_free(struct rp_rules *rules)
{
    if (rules == NULL)
        return;
    rp_arena_fini(&rules->arena);
    free(rules);
}
