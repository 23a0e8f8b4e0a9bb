-- Situation 7. L'appel des ventes et ses trois issues : prêt pour une démo, à nourrir encore, suspect. Un appel
-- sans issue notée compte comme « à nourrir ». Les notes sont gardées, et ne déplacent personne.
-- À regarder : Sami est prêt, Tess est à nourrir, Ugo est suspect, Vera est notée sans issue. Nourrir est une série
-- d'e-mails : Tess lit l'étude, et un humain la rappelle ; Vera n'a pas donné son accord, son e-mail est retenu, et la série
-- finit d'elle-même. Tess redevient MQL plus tard par un nouveau webinaire : l'ancienne réponse ne compte plus.

dimension "engagement" { range = { 0, 200 }, half_life = "21d" }
total { engagement = 1 }

score "webinar"   { why = "Est venu au webinaire", on = "Webinar Attended", points = 30, once_per = "webinar" }
score "a_nourrir" { why = "Pas encore prêt, selon les ventes", on = "Sales Call", when = { outcome = any { "nurture", "", missing() } }, points = -20 }

stages { "visitor", "lead", "mql", "sql", "customer"; side = { "recycled", "suspect" } }
stage "lead"     { enter = known() }
stage "mql"      { from = { "lead", "recycled" }, enter = at_least { engagement = 25 } }
stage "sql"      { from = { "mql", "recycled" }, enter = did("Sales Call", { where = { outcome = one_of { "ready", "démo" } } }) }
stage "customer" { from = { "sql", "suspect" }, enter = did "Deal Won", terminal = true }
stage "recycled" { from = "mql", enter = did("Sales Call", { where = { outcome = any { "nurture", "", missing() } } }) }
stage "suspect"  { from = "mql", enter = did("Sales Call", { where = { outcome = "suspect" } }) }

team "sdr" { members = { "lea@acme.test", "tom@acme.test" } }

action "remise_mql" {
  on = entered "mql",
  assign  { team = "sdr", keep_owner = true },
  webhook { to = endpoint "crm", body = { email = "{lead.email}", score = "{score.engagement}", owner = "{lead.owner|personne}", why = "{reasons.top(2)}" } },
}
action "planifier_demo" {
  on = entered "sql",
  task { to = "owner", due = "1d", note = "Planifier la démo avec {lead.first_name|ce lead}" },
}
sequence "nourrir" {
  start = entered "recycled", exit = left "recycled", reenter = "90d", purpose = "marketing",
  send  = { days = "mon-fri", from = "09:00", to = "18:00", tz = { "lead.timezone", "Europe/Paris" } },
  steps = {
    step "pause"   { wait "2d" },
    step "etude"   { email { template = "etude", subject = "Une étude pour {lead.first_name|vous}" } },
    step "lecture" { wait_until { did "Ebook Downloaded", timeout = "10d" } },
    step "choix"   { branch { { when = did "Ebook Downloaded", go = "rappel" }, otherwise = "fin" } },
    step "rappel"  { task { to = "owner", due = "2d", note = "{lead.first_name|Ce lead} a lu l'étude : rappeler" }, stop() },
    step "fin"     { stop() },
  },
}
