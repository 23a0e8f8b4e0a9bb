-- Situation 6. Un visiteur traverse toutes les étapes en deux minutes : il demande tout de suite une démo.
-- À regarder : la demande de Paul le fait passer MQL puis SQL d'un seul coup. Un humain a une tâche dans les
-- cinq minutes, chez Léa dont c'est le tour, et l'équipe l'entend ; la remise du MQL et sa série d'e-mails, étape
-- seulement traversée, ne partent pas. Rose prend son temps : elle a les deux, et sa demande arrête la série.

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

calendar "ventes" { days = "mon-fri", from = "09:00", to = "18:00", tz = "Europe/Paris" }
team "sdr" { members = { "lea@acme.test", "tom@acme.test" }, hours = "ventes" }

action "remise_mql" {
  on = entered "mql",
  assign  { team = "sdr" },
  webhook { to = endpoint "crm", body = { email = "{lead.email}", stage = "{stage}", grade = "{score.grade}", owner = "{lead.owner|personne}" } },
}
action "tache_humaine" {
  on = entered "sql",
  assign { team = "sdr", keep_owner = true },
  task   { to = "owner", due = "5m", note = "Appeler {lead.first_name|ce visiteur} maintenant : {reasons.top(2)}" },
  notify { to = endpoint "canal_ventes", text = "{lead.email|Un visiteur} demande une démo. Pour {lead.owner|personne}, dans les cinq minutes" },
}
sequence "avant_la_demo" {
  start = entered "mql", exit = left "mql", purpose = "marketing",
  send  = { days = "mon-fri", from = "09:00", to = "18:00", tz = { "lead.timezone", "Europe/Paris" } },
  steps = {
    step "bienvenue" { email { template = "bienvenue", subject = "Ce que {lead.first_name|vous} pourriez voir en démo" } },
    step "pause"     { wait "3d" },
    step "rappel"    { email { template = "rappel", subject = "Vingt minutes suffisent" } },
  },
}
