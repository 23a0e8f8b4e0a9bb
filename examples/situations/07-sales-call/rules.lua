-- Situation 7. L'appel des ventes et ses trois issues : prêt pour une démo, à nourrir encore, suspect. Un appel
-- sans issue notée compte comme « à nourrir ». Les notes sont gardées, et ne déplacent personne.
-- À regarder : Sami est prêt, Tess est à nourrir, Ugo est suspect, Vera est notée sans issue. Tess redevient MQL
-- plus tard par un nouveau webinaire : l'ancienne réponse ne compte plus.

dimension "engagement" { range = { 0, 200 }, half_life = "21d" }
total { engagement = 1 }

score "webinar"   { why = "Est venu au webinaire", on = "Webinar Attended", points = 30, once_per = "webinar" }
score "a_nourrir" { why = "Pas encore prêt, selon les ventes", on = "Sales Call", when = { outcome = any { "nurture", "", missing() } }, points = -20 }

stages { "visitor", "lead", "mql", "sql", "customer"; side = { "recycled", "suspect" } }
stage "lead"     { enter = known() }
stage "mql"      { from = { "lead", "recycled" }, enter = at_least { engagement = 25 } }
stage "sql"      { from = { "mql", "recycled" }, enter = did("Sales Call", { where = { outcome = one_of { "ready", "démo" } } }) }
stage "customer" { from = { "sql", "suspect" }, enter = did "Deal Won", terminal = true }
stage "recycled" { from = "mql", enter = did("Sales Call", { where = { outcome = any { "nurture", "", missing() } } }) }
stage "suspect"  { from = "mql", enter = did("Sales Call", { where = { outcome = "suspect" } }) }

action "remise_mql" {
  on = entered "mql",
  webhook { to = endpoint "crm", body = { email = "{lead.email}", score = "{score.engagement}", why = "{reasons.top(2)}" } },
}
action "planifier_demo" {
  on = entered "sql",
  task { to = "owner", due = "1d", note = "Planifier la démo avec {lead.first_name|ce lead}" },
}
