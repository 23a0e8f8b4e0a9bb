-- Situation 14. Les collègues, les adresses d'essai et les concurrents : tous enregistrés ; les deux premiers
-- jamais notés, les derniers notés mais jamais contactés.
-- À regarder : Hana (collègue) et l'adresse « +test » restent visiteurs à 0 point. Igor (concurrent) est MQL et
-- noté comme les autres : aucune remise. Jade (cliente possible) est remise aux ventes.

dimension "engagement" { range = { 0, 100 }, half_life = "21d" }
total { engagement = 1 }

exclude "collegues"       { when = trait { email_domain = in_list "own_domains" } }
exclude "adresses_d_essai" { when = trait { email = glob "*+test@*" } }

score "webinar" { why = "Est venu au webinaire", on = "Webinar Attended", points = 20, once_per = "webinar" }
score "prix"    { why = "A regardé les prix", on = "page", when = { path = glob "/pricing*" }, points = 10, cooldown = "30m" }

stages { "visitor", "lead", "mql", "sal" }
stage "lead" { enter = known() }
stage "mql"  { from = "lead", enter = at_least { engagement = 25 } }
stage "sal"  { from = "mql", enter = did "Lead Accepted", terminal = true }

action "remettre_aux_ventes" {
  on = entered "mql",
  when = trait { email_domain = none { in_list "competitors" } },
  webhook { to = endpoint "crm", body = { email = "{lead.email}", why = "{reasons.top(2)}" } },
}
