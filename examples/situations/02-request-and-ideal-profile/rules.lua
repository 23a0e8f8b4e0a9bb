-- Situation 2. Un prospect (SQL) : il demande une démo, un devis ou un rendez-vous ET il a le profil idéal.
-- À regarder : Dora a les deux, elle est SQL aussitôt. Éric demande une démo avec un profil inconnu : il reste
-- « lead » ; quand son profil se complète, il devient SQL sans rien redemander. Fanny a le profil et ne demande rien.

dimension "fit"        { range = { 0, 100 }, kind = "state" }
dimension "engagement" { range = { 0, 100 }, half_life = "21d" }
total { fit = 1, engagement = 1 }

fit "taille" { why = "Taille de l'entreprise", field = "company.employees", missing = 0,
  bands = { { below = 50, points = 0 }, { below = 2000, points = 30 }, { points = 20 } } }
fit "fonction" { why = "Fonction", field = "title", take = "best",
  words = {
    { any = { "pdg", "directeur", "directrice", "dsi" }, not_any = { "assistant", "assistante" }, points = 30 },
    { any = { "responsable", "chef" }, points = 15 },
  } }
fit "secteur" { why = "Secteur", field = "company.industry", other = 0, missing = 0,
  values = { { one_of = { "logiciel", "industrie" }, points = 10 } } }

score "demande" { why = "A demandé à nous parler", on = { "Demo Requested", "Quote Requested", "Meeting Booked" }, points = 30, limit = { times = 1, per = "30d" } }
score "page"    { why = "A visité le site", on = "page", points = 1, limit = { times = 10, per = "1d" } }

stages { "visitor", "lead", "sql", "customer" }
stage "lead" { enter = known() }
stage "sql"  {
  from  = { "visitor", "lead" },
  enter = all { did { "Demo Requested", "Quote Requested", "Meeting Booked" }, at_least { fit = 50 } },
}
stage "customer" { enter = did "Deal Won", terminal = true }

action "appeler" {
  on = entered "sql",
  task { to = "owner", due = "4h", note = "Appeler {lead.first_name|ce prospect} ({lead.company.name|société inconnue}) : {reasons.top(2)}" },
}
