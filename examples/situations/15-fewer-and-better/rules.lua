-- Situation 15. Moins de MQL mais meilleurs, ou davantage et plus faibles : les mêmes règles, deux seuils.
-- À regarder : ce fichier est le même dans 15-fewer-and-better et dans 15-more-and-weaker, les événements aussi ;
-- seul weights.lua diffère. Comparez la colonne « stage » des six mêmes personnes.

dimension "fit"        { range = { 0, 100 }, kind = "state" }
dimension "engagement" { range = { 0, 200 }, half_life = "21d" }
total { fit = 1, engagement = 1 }

fit "fonction" { why = "Fonction", field = "title", take = "best",
  words = { { any = { "director", "directrice", "directeur", "vp" }, points = 30 }, { any = { "manager", "responsable" }, points = 15 } } }
fit "taille"   { why = "Taille de l'entreprise", field = "company.employees", missing = 0,
  bands = { { below = 50, points = 5 }, { below = 2000, points = 20 }, { points = 15 } } }

score "prix"    { why = "A regardé les prix", on = "page", when = { path = glob "/tarifs*" }, points = 10, limit = { times = 3, per = "7d" }, cooldown = "30m" }
score "ebook"   { why = "A téléchargé un livre blanc", on = "Ebook Downloaded", points = 8, once_per = "title" }
score "webinar" { why = "Est venu au webinaire", on = "Webinar Attended", points = 20, once_per = "webinar" }

stages { "visitor", "lead", "mql", "sal" }
stage "lead" { enter = known() }
stage "mql"  { from = "lead", enter = at_least { fit = 30, engagement = 30 } }
stage "sal"  { from = "mql", enter = did "Lead Accepted", terminal = true }

action "remettre_aux_ventes" {
  on = entered "mql",
  webhook { to = endpoint "crm", body = { email = "{lead.email}", score = "{score.total}", why = "{reasons.top(2)}" } },
}
