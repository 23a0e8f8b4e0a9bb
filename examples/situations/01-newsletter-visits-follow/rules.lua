-- Situation 1. Un MQL sans demande de démo : il s'abonne à la newsletter, vient trois jours différents
-- et nous suit sur un réseau social.
-- À regarder : Ana vient trois jours, elle est MQL. Bruno vient trois fois le même jour, il reste « lead ».
-- Chloé vit à Paris : sa visite de 23 h 30 UTC y est déjà au lendemain, donc au troisième jour.

dimension "engagement" { range = { 0, 100 }, half_life = "30d" }
total { engagement = 1 }

score "visite"     { why = "A visité le site", on = "page", points = 2, cooldown = "30m" }
score "newsletter" { why = "S'est abonné à la newsletter", on = "Newsletter Subscribed", points = 10, once = true }
score "reseau"     { why = "Nous suit sur un réseau social", on = "Social Followed", points = 5, once = true }

stages { "visitor", "lead", "mql", "sal" }
stage "lead" { enter = known() }
stage "mql"  {
  from  = "lead",
  enter = all {
    did("Newsletter Subscribed", { ever = true }),
    did("page", { days = 3, within = "90d" }),               -- trois jours du calendrier, là où vit le lead
    did("Social Followed", { ever = true }),
  },
}
stage "sal" { from = "mql", enter = did "Lead Accepted", terminal = true }

action "remettre_aux_ventes" {
  on = entered "mql",
  webhook { to = endpoint "crm", body = { email = "{lead.email}", stage = "{stage}", score = "{score.total}", why = "{reasons.top(3)}" } },
}
