-- Situation 3. Plusieurs contenus sur un même thème, lus en un mois.
-- À regarder : Gaëlle lit trois contenus différents sur le RGPD, elle est MQL. Hugo relit trois fois le même,
-- Inès en lit un sur chacun des trois thèmes, Jean en lit trois en deux mois : ils restent « lead ».

dimension "themes"     { range = { 0, 3 }, kind = "state" }   -- combien de thèmes intéressent vraiment le lead
dimension "engagement" { range = { 0, 100 }, half_life = "30d" }
total { engagement = 1 }

-- Une ligne par thème : trois pages différentes en 30 jours.
fit "theme_rgpd"     { why = "S'intéresse au RGPD", dimension = "themes",
  count = distinct("page", "path", { where = { path = glob "/ressources/rgpd/*" }, within = "30d" }),
  bands = { { below = 3, points = 0 }, { points = 1 } } }
fit "theme_securite" { why = "S'intéresse à la sécurité", dimension = "themes",
  count = distinct("page", "path", { where = { path = glob "/ressources/securite/*" }, within = "30d" }),
  bands = { { below = 3, points = 0 }, { points = 1 } } }
fit "theme_paie"     { why = "S'intéresse à la paie", dimension = "themes",
  count = distinct("page", "path", { where = { path = glob "/ressources/paie/*" }, within = "30d" }),
  bands = { { below = 3, points = 0 }, { points = 1 } } }

score "contenu" { why = "A lu un contenu", on = "page", when = { path = glob "/ressources/*" }, points = 5, once_per = "path" }

stages { "visitor", "lead", "mql", "sal" }
stage "lead" { enter = known() }
stage "mql"  { from = "lead", enter = at_least { themes = 1 } }
stage "sal"  { from = "mql", enter = did "Lead Accepted", terminal = true }

action "remettre_aux_ventes" {
  on = entered "mql",
  webhook { to = endpoint "crm", body = { email = "{lead.email}", why = "{reasons.top(2)}" } },
}
