-- Situation 11. Un évangéliste : client depuis 60 jours, il répond aux enquêtes, laisse un avis de quatre étoiles
-- ou plus, ou recommande quelqu'un.
-- À regarder : Alix laisse 5 étoiles au jour 70, elle est évangéliste. Basile laisse 3 étoiles, il reste client.
-- Cora recommande quelqu'un au jour 90. Denis répond à l'enquête au jour 30 : trop tôt ;
-- il devient évangéliste au jour 60, sans rien faire de plus.

dimension "engagement" { range = { 0, 100 }, half_life = "90d" }
total { engagement = 1 }

score "enquete"        { why = "A répondu à une enquête", on = "Survey Answered", points = 10, limit = { times = 1, per = "30d" } }
score "bon_avis"       { why = "A laissé un bon avis", on = "Review Posted", when = { stars = gte(4) }, points = 20, once_per = "site" }
score "mauvais_avis"   { why = "A laissé un mauvais avis", on = "Review Posted", when = { stars = lt(3) }, points = -20, once_per = "site" }
score "recommandation" { why = "Nous a recommandés", on = "Referral Made", points = 30, limit = { times = 3, per = "365d" } }

stages { "visitor", "lead", "customer", "evangelist" }
stage "lead"       { enter = known() }
stage "customer"   { enter = did "Deal Won" }
stage "evangelist" {
  from  = "customer",
  enter = all {
    in_stage("customer", { at_least = "60d" }),
    any { did { "Survey Answered", "Referral Made" }, did("Review Posted", { where = { stars = gte(4) } }) },
  },
  terminal = true,
}

action "remercier" {
  on = entered "evangelist",
  task { to = "owner", due = "3d", note = "Remercier {lead.first_name|ce client} : {reasons.top(1)}" },
}
