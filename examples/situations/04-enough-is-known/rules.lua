-- Situation 4. « On en sait assez » : au moins trois des cinq champs du profil sont remplis ; et quel champ
-- le formulaire doit demander ensuite.
-- À regarder : Karim donne deux champs, puis un troisième : il est MQL. Léa n'en donne que deux.
-- Après chaque formulaire, un seul champ est demandé : le premier qui manque, dans l'ordre ci-dessous.

names { phone = { "telephone" }, ["company.name"] = { "societe" }, title = { "fonction" } }

dimension "profil" { range = { 0, 5 }, kind = "state" }
total { profil = 1 }

fit "champs_remplis" { why = "Champs du profil remplis", dimension = "profil",
  count = filled { "email", "first_name", "company.name", "title", "phone" },
  bands = { { below = 1, points = 0 }, { below = 2, points = 1 }, { below = 3, points = 2 }, { below = 4, points = 3 }, { below = 5, points = 4 }, { points = 5 } } }

stages { "visitor", "lead", "mql", "sal" }
stage "lead" { enter = known() }
stage "mql"  { from = "lead", enter = at_least { profil = 3 } }
stage "sal"  { from = "mql", enter = did "Lead Accepted", terminal = true }

action "demander_societe" {
  on = did "Form Submitted", when = trait { email = exists(), ["company.name"] = missing() },
  webhook { to = endpoint "forms", body = { email = "{lead.email}", ask = "societe" } },
}
action "demander_fonction" {
  on = did "Form Submitted", when = trait { email = exists(), ["company.name"] = exists(), title = missing() },
  webhook { to = endpoint "forms", body = { email = "{lead.email}", ask = "fonction" } },
}
action "demander_telephone" {
  on = did "Form Submitted", when = trait { email = exists(), ["company.name"] = exists(), title = exists(), phone = missing() },
  webhook { to = endpoint "forms", body = { email = "{lead.email}", ask = "telephone" } },
}
