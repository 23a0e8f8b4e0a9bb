-- Situation 5. Un lecteur régulier de la page des prix d'une ligne de produits (trois jours différents en un mois)
-- reçoit l'étude de cas de cette ligne.
-- À regarder : Maud vient trois jours sur Analytics et reçoit l'étude une fois, au troisième jour ; sa quatrième
-- visite n'envoie rien. Nils partage ses jours entre deux lignes, Olga vient trois fois le même jour : rien.

dimension "prix_analytics" { range = { 0, 3 }, kind = "state" }
dimension "prix_paie"      { range = { 0, 3 }, kind = "state" }
dimension "engagement"     { range = { 0, 100 }, half_life = "21d" }
total { engagement = 1 }

-- 3 dès le troisième jour, 0 avant : le passage à 3 déclenche l'envoi.
fit "jours_analytics" { why = "Jours sur les prix d'Analytics", dimension = "prix_analytics",
  count = days("page", { where = { path = glob "/tarifs/analytics*" }, within = "30d" }),
  bands = { { below = 3, points = 0 }, { points = 3 } } }
fit "jours_paie" { why = "Jours sur les prix de Paie", dimension = "prix_paie",
  count = days("page", { where = { path = glob "/tarifs/paie*" }, within = "30d" }),
  bands = { { below = 3, points = 0 }, { points = 3 } } }

score "prix" { why = "A regardé les prix", on = "page", when = { path = glob "/tarifs/*" }, points = 8, cooldown = "30m" }

stages { "visitor", "lead" }
stage "lead" { enter = known(), terminal = true }

action "etude_analytics" {
  on = crossed("prix_analytics", 3), when = trait { email = exists() },
  email { template = "etude-de-cas-analytics", subject = "Analytics : comment d'autres s'en servent" },
}
action "etude_paie" {
  on = crossed("prix_paie", 3), when = trait { email = exists() },
  email { template = "etude-de-cas-paie", subject = "Paie : comment d'autres s'en servent" },
}
