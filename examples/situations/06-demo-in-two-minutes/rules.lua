-- Situation 6. Un visiteur traverse toutes les étapes en deux minutes : il demande tout de suite une démo.
-- À regarder : la demande de Paul le fait passer MQL puis SQL d'un seul coup. Un humain a une tâche dans les
-- cinq minutes ; la remise du MQL, étape seulement traversée, n'est pas répétée. Rose prend son temps : elle a les deux.

dimension "fit"        { range = { 0, 100 }, kind = "state" }
dimension "engagement" { range = { 0, 200 }, half_life = "21d" }
total { fit = 1, engagement = 1 }
grade { fit = { A = 40, B = 20, C = 0 }, engagement = { ["1"] = 40, ["2"] = 15, ["3"] = 0 } }

fit "fonction" { why = "Fonction", field = "title", take = "best",
  words = { { any = { "directrice", "directeur", "vp", "head of" }, points = 25 }, { any = { "responsable", "manager" }, points = 15 } } }
fit "taille"   { why = "Taille de l'entreprise", field = "company.employees", missing = 0,
  bands = { { below = 50, points = 0 }, { points = 20 } } }

score "page"    { why = "A visité le site", on = "page", points = 2, limit = { times = 10, per = "1d" } }
score "prix"    { why = "A regardé les prix", on = "page", when = { path = glob "/tarifs*" }, points = 8, cooldown = "30m" }
score "webinar" { why = "Est venu au webinaire", on = "Webinar Attended", points = 25, once_per = "webinar" }
score "demo"    { why = "A demandé une démo", on = "Demo Requested", points = 30, limit = { times = 1, per = "90d" } }

stages { "visitor", "lead", "mql", "sql", "customer" }
stage "lead"     { enter = known() }
stage "mql"      { from = "lead", enter = at_least { fit = 30, engagement = 35 } }
stage "sql"      { from = { "visitor", "lead", "mql" }, enter = did "Demo Requested" }
stage "customer" { enter = did "Deal Won", terminal = true }

action "remise_mql" {
  on = entered "mql",
  webhook { to = endpoint "crm", body = { email = "{lead.email}", stage = "{stage}", grade = "{score.grade}" } },
}
action "tache_humaine" {
  on = entered "sql",
  task { to = "owner", due = "5m", note = "Appeler {lead.first_name|ce visiteur} maintenant : {reasons.top(2)}" },
}
