-- Situation 9. Les ventes répondent dans les 24 heures ouvrées (les jours fériés ne comptent pas), sinon leur
-- responsable l'apprend. Un refus donne sa raison ; le lead est recyclé, et reste tranquille 30 jours au moins.
-- Il peut redevenir MQL en septembre : les anciennes réponses ne comptent plus, et jamais il ne retourne chez qui l'a
-- refusé.
-- À regarder : Rita attend depuis le jeudi 2 avril, 15 h. Le lundi 6 est férié : 24 heures ouvrées finissent le
-- mercredi 8 à 12 h. Simon est accepté à temps. Théa est refusée en avril par Max, et revient en septembre chez une autre.

dimension "engagement" { range = { 0, 200 }, half_life = "30d" }
total { engagement = 1 }

score "webinar" { why = "Est venu au webinaire", on = "Webinar Attended", points = 30, once_per = "webinar" }

calendar "ventes" { days = "mon-fri", from = "09:00", to = "18:00", tz = "Europe/Paris", holidays = "lists/feries.txt" }
reasons "Lead Rejected" { "no_budget", "wrong_person", "competitor", "duplicate", "unreachable"; required = true }

stages { "visitor", "lead", "mql", "sal", "sql"; side = { "recycled" } }
stage "lead"     { enter = known() }
stage "mql"      { from = { "lead", "recycled" }, enter = at_least { engagement = 25 }, due = { to = "sal", within = "24h", hours = "ventes" } }
stage "sal"      { from = "mql", enter = did "Lead Accepted" }
stage "sql"      { from = "sal", enter = did "Meeting Booked", terminal = true }
stage "recycled" { from = { "mql", "sal" }, enter = did "Lead Rejected", stay = "30d" }

team "sdr" { members = { "lea@acme.test", "tom@acme.test", "max@acme.test" }, hours = "ventes" }
action "remise" {
  on = entered "mql",
  assign  { team = "sdr", not_to = "last_refuser" },
  webhook { to = endpoint "crm", body = { email = "{lead.email}", owner = "{lead.owner|personne}", why = "{reasons.top(2)}" } },
}
action "alerter" {
  on = late "mql",
  notify { to = endpoint "responsable", text = "{lead.email} attend une réponse de {lead.owner|personne} depuis le {stage_since}" },
}
