-- Situation 12. B2C : tranche d'âge, centres d'intérêt, favoris, panier, téléphone connu par la boutique.
-- À regarder : Emma a 34 ans, aime la course et a donné son téléphone en boutique. Félix aura 18 ans demain. Gina n'a
-- pas dit son âge : on ne lui en tient pas rigueur. Le panier compte par tranche de 50 euros. Un panier laissé
-- un jour vaut un rappel, jamais le soir : Emma le reçoit le lendemain matin ; Félix n'a pas donné son accord, le sien est
-- retenu ; Gina a payé entre-temps, la série s'arrête.

dimension "profil"     { range = { 0, 60 }, kind = "state" }
dimension "engagement" { range = { 0, 200 }, half_life = "14d" }
total { profil = 1, engagement = 1 }

fit "age" { why = "Tranche d'âge", dimension = "profil", count = years_since "birthday", missing = 5,
  bands = { { below = 18, points = 0 }, { below = 25, points = 10 }, { below = 45, points = 20 }, { points = 15 } } }
fit "interets" { why = "Centres d'intérêt", dimension = "profil", field = "interests", other = 0, missing = 0,
  values = { { one_of = { "course", "trail" }, points = 20 }, { one_of = { "vélo", "natation" }, points = 10 } } }
fit "telephone" { why = "Téléphone connu", dimension = "profil", when = { phone = exists() }, points = 10 }

score "favori"  { why = "A mis un article en favori", on = "Product Added to Wishlist", points = 4, once_per = "product_id", limit = { times = 5, per = "30d" } }
score "panier"  { why = "A rempli son panier", on = "Product Added", per = { field = "price", each = 50, points = 3, max = 12 } }
score "achat"   { why = "A acheté", on = "Order Completed", points = 20 }

stages { "visitor", "contact", "acheteur" }
stage "contact"  { enter = known() }
stage "acheteur" { enter = did "Order Completed", terminal = true }

action "appel_boutique" {
  on = crossed("engagement", 12), when = all { in_stage "contact", trait { phone = exists() } },
  task { to = "owner", due = "1d", note = "Appeler {lead.first_name|ce client} : {reasons.top(2)}" },
}
sequence "panier_laisse" {
  start = did "Product Added", exit = did "Order Completed", reenter = "30d", purpose = "marketing",
  send  = { from = "09:00", to = "20:00", tz = { "lead.timezone", "Europe/Paris" } },
  steps = {
    step "un_jour" { wait "1d" },
    step "rappel"  { email { template = "panier", subject = "{lead.first_name|Bonjour}, votre panier vous attend" } },
  },
}
