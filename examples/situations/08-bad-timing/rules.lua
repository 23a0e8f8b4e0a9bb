-- Situation 8. Un MQL ouvert, en cours de contact, ou « pas le moment » jusqu'à une date que le commercial a notée
-- (« rappeler en septembre »). Puis un SQL suivi par le SDR, et repris par un chargé de compte.
-- À regarder : Nora se réveille le 1er septembre, et quelqu'un la rappelle. Omar n'a pas donné de date : 90 jours.
-- Paul est en cours de contact. Quitterie a rendez-vous, et passe du SDR au chargé de compte, qui a une tâche.
-- Qui dort reçoit deux nouvelles, sans plus : Nora y a consenti, Omar non, les siennes sont retenues.

dimension "engagement" { range = { 0, 200 }, decay = "none" }
total { engagement = 1 }

score "webinar" { why = "Est venu au webinaire", on = "Webinar Attended", points = 30, once_per = "webinar" }

stages { "visitor", "lead", "mql", "sql", "customer" }
stage "lead"     { enter = known() }
stage "mql"      { enter = at_least { engagement = 25 }, status = { "open", "attempting", "bad_timing" } }
stage "sql"      { from = "mql", enter = did "Meeting Booked", status = { "sdr", "account_executive" } }
stage "customer" { from = "sql", enter = did "Deal Won", terminal = true }

status "mql.attempting"        { enter = did "Contact Attempted" }
status "mql.bad_timing"        { enter = did "Lead Postponed", wake = { on = "recontact_on", otherwise = "90d", to = "open" } }
status "sql.account_executive" { enter = did("Owner Assigned", { where = { role = "ae" } }) }

team "sdr" { members = { "lea@acme.test", "tom@acme.test" } }
team "comptes" { members = { "zoe@acme.test", "yan@acme.test" } }

action "prendre_contact" {
  on = entered "mql",
  assign { team = "sdr" },
  task   { to = "owner", due = "1d", note = "Premier contact avec {lead.first_name|ce lead} : {reasons.top(1)}" },
}
action "rappeler" {
  on = entered_status "mql.open",
  when = did("Lead Postponed", { ever = true }),
  task { to = "owner", due = "1d", note = "Rappeler {lead.first_name|ce lead} : c'était à nous de revenir" },
}
action "passer_au_compte" {
  on = entered_status "sql.account_executive",
  assign { team = "comptes" },
  task   { to = "owner", due = "2d", note = "Reprendre {lead.first_name|ce lead}, suivi jusqu'ici par les SDR" },
}
sequence "garder_le_contact" {
  start = entered_status "mql.bad_timing", exit = any { entered_status "mql.open", left "mql" }, purpose = "marketing",
  send  = { days = "mon-fri", from = "09:00", to = "18:00", tz = { "lead.timezone", "Europe/Paris" } },
  steps = {
    step "mois_1"   { wait "30d" },
    step "nouvelle" { email { template = "nouvelle", subject = "Du nouveau, sans presser" } },
    step "mois_2"   { wait "30d" },
    step "autre"    { email { template = "nouvelle", subject = "Encore une nouvelle" } },
  },
}
