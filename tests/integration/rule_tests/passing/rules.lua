dimension "engagement" { range = { 0, 100 }, half_life = "10d" }
dimension "fit"        { range = { 0, 100 }, kind = "state" }
dimension "interest"   { by = "topic", half_life = "30d" }
total { engagement = 1, fit = 1 }
grade { fit = { A = 20, B = 0 }, engagement = { ["1"] = 20, ["2"] = 0 } }
group "web" { dimension = "engagement", cap = 25, per = "7d" }

score "pricing" { why = "Looked at the prices", on = "page", when = { path = glob "/pricing*" }, points = 10, group = "web", cooldown = "30m" }
score "topic"   { why = "Reads about {event.topic}", on = "page", when = { topic = exists() }, points = 1, dimension = "interest" }
score "demo"    { why = "Asked for a demo", on = "Demo Requested", points = 30, limit = { times = 1, per = "90d" } }
score "call"    { why = "Talked to us", on = "Call Ended", points = 5 }
score "binge"   { why = "Many pages in one sitting", on = "Visit Ended", when = { pages = gte(5) }, points = 12,
  test = function(event) if event.properties.pages > 100 then error("a robot") end return event.properties.pages / 10, "pages" end }

fit "title" { why = "Title", field = "title", words = { { any = { "vp", "director" }, points = 20 }, { any = { "manager" }, points = 10 } } }
fit "size"  { why = "Size", field = "company.employees", bands = { { below = 50, points = 0 }, { points = 5 } } }
fit "phone" { why = "Gave a number", when = { phone = exists() }, points = 5 }

exclude "staff" { when = trait { email = glob "*@acme.test" } }

stages { "visitor", "lead", "mql", "sql"; side = { "cold" } }
stage "lead" { enter = known() }
stage "mql"  { from = { "lead", "cold" }, enter = at_least { fit = 20, engagement = 20 }, leave = below { engagement = 5, held = "7d" }, leave_to = "cold",
               status = { "open", "attempting" }, due = { to = "sql", within = "48h" } }
status "mql.attempting" { enter = did "Contact Attempted" }
stage "sql"  { from = { "lead", "mql" }, enter = did "Demo Requested", terminal = true }

action "hand_over" { on = entered "mql", when = trait { phone = exists() }, webhook { to = endpoint "crm", body = { email = "{lead.email}" } } }
action "greet"     { on = entered "lead", task { note = "Say hello to {lead.email}" } }
action "remind"    { on = late "mql", task { note = "Nobody answered {lead.email}" } }
action "at_once"   { on = entered "sql", task { note = "Call {lead.email}" } }

model "default"  { }
model "generous" { points = { pricing = 20 }, stage = { mql = { enter = { engagement = 15 } } } }
