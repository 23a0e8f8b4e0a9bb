-- Situation 13. Une liste de comptes choisis à la main va droit au MQL, chacun avec son commercial. Qui n'est pas
-- sur la liste passe par le score, et par l'équipe à tour de rôle.
-- À regarder : Alma et Bruno sont de comptes choisis : MQL dès qu'on connaît leur adresse, chez leur commercial.
-- Chloé vient d'ailleurs : il lui faut le score, et son tour donne Léa. Denis a déjà son commercial dans le CRM.

dimension "engagement" { range = { 0, 200 }, half_life = "30d" }
total { engagement = 1 }

score "webinar" { why = "Est venu au webinaire", on = "Webinar Attended", points = 30, once_per = "webinar" }

lookup "compte" { file = "lists/comptes.csv", match = { ["lead.email_domain"] = "exact" }, gives = { "commercial" } }
calendar "ventes" { days = "mon-fri", from = "09:00", to = "18:00", tz = "Europe/Paris" }
team "sdr" { members = { "lea@acme.test", "tom@acme.test" }, hours = "ventes", away = "lists/absences.csv" }

stages { "visitor", "lead", "mql", "sal" }
stage "lead" { enter = known() }
stage "mql"  { from = { "visitor", "lead" }, enter = any { trait { email_domain = in_list "comptes" }, at_least { engagement = 25 } } }
stage "sal"  { from = "mql", enter = did "Lead Accepted", terminal = true }

action "compte_choisi" {
  on = entered "mql",
  when = trait { email_domain = in_list "comptes" },
  assign { to = "{event.compte.commercial}" },
  task   { to = "owner", due = "4h", note = "Compte choisi : appeler {lead.first_name|ce contact}" },
}
action "a_tour_de_role" {
  on = entered "mql",
  when = none { trait { email_domain = in_list "comptes" } },
  assign { team = "sdr", keep_owner = true },
  task   { to = "owner", due = "1d", note = "Appeler {lead.first_name|ce contact} : {reasons.top(2)}" },
}
