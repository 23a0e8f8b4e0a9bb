-- Forty days of one lead: found by search, won over by mail, left waiting, refused, back again, bought. What is here is
-- what a small B2B team needs for that; README.md tells the story.

dimension "fit"        { range = { 0, 100 }, kind = "state" }
dimension "engagement" { range = { 0, 200 }, half_life = "21d" }
total { fit = 1, engagement = 1 }
grade { fit = { A = 40, B = 20, C = 0 }, engagement = { ["1"] = 60, ["2"] = 30, ["3"] = 0 } }

fit "seniority"    { why = "Seniority", field = "title", take = "best",
  words = { { any = { "head of", "vp", "director" }, points = 25 }, { any = { "manager" }, points = 15 } } }
fit "company_size" { why = "Company size", field = "company.employees", missing = 0,
  bands = { { below = 50, points = 0 }, { below = 1000, points = 20 }, { points = 10 } } }

score "read_page"  { why = "Read the site", on = "page", points = 1, limit = { times = 5, per = "1d" } }
score "pricing"    { why = "Looked at the prices", on = "page", when = { path = glob "/pricing*" }, points = 8, cooldown = "30m", limit = { times = 3, per = "7d" } }
score "case"       { why = "Read a case study", on = "page", when = { path = glob "/customers/*" }, points = 6, once_per = "path" }
score "newsletter" { why = "Takes the newsletter", on = "Newsletter Subscribed", points = 5, once = true }
score "clicked"    { why = "Clicked in a mail", on = "Email Link Clicked", points = 4, once_per = "email_id" }
score "ebook"      { why = "Downloaded an e-book", on = "Ebook Downloaded", points = 10, once_per = "title" }
score "webinar"    { why = "Came to a webinar", on = "Webinar Attended", points = 25, once_per = "webinar" }

calendar "sales" { days = "mon-fri", from = "09:00", to = "18:00", tz = "Europe/Paris", holidays = "lists/holidays.txt" }
team "sdr" { members = { "lea@acme.test", "tom@acme.test" }, hours = "sales" }
reasons "Lead Rejected" { "no_budget", "wrong_person", "unreachable"; required = true }

stages { "visitor", "lead", "mql", "sal", "sql", "opportunity", "customer"; side = { "recycled" } }
stage "lead" { enter = known() }
stage "mql"  { from = { "lead", "recycled" }, enter = at_least { fit = 30, engagement = 40 },
  status = { "open", "attempting" }, due = { to = "sal", within = "24h", hours = "sales" } }
status "mql.attempting" { enter = did "Contact Attempted" }
stage "sal"         { from = "mql", enter = did "Lead Accepted" }
stage "sql"         { from = { "lead", "mql", "sal" }, enter = did { "Demo Requested", "Meeting Booked" } }
stage "opportunity" { from = "sql", enter = did "Opportunity Created" }
stage "customer"    { from = { "sql", "opportunity" }, enter = did "Deal Won", terminal = true }
stage "recycled"    { from = { "mql", "sal" }, enter = did "Lead Rejected", stay = "14d" }

action "hand_over" {
  on = entered "mql",
  assign  { team = "sdr", not_to = "last_refuser" },
  webhook { to = endpoint "crm", body = { email = "{lead.email}", stage = "{stage}", grade = "{score.grade}", owner = "{lead.owner|nobody}", why = "{reasons.top(3)}" } },
  task    { to = "owner", due = "4h", hours = "sales", note = "Call {lead.first_name|this lead}: {reasons.top(3)}" },
}
action "nobody_answered" {
  on = late "mql",
  notify { to = endpoint "sales_channel", text = "{lead.email} waits for {lead.owner|somebody} since {stage_since}" },
}
action "prepare_meeting" { on = entered "sql", task { to = "owner", due = "1d", note = "Prepare the meeting with {lead.first_name|this lead}" } }

-- Who takes the newsletter gets to know us; who has read the prices by then is left in peace.
sequence "welcome" {
  start = entered "lead", exit = entered "mql", purpose = "marketing",
  send  = { days = "mon-fri", from = "09:00", to = "18:00", tz = { "lead.timezone", "Europe/Paris" } },
  steps = {
    step "hello" { email { template = "hello", subject = "Welcome, {lead.first_name|to you}" } },
    step "look"  { wait_until { did("page", { where = { path = glob "/pricing*" } }), timeout = "3d" } },
    step "fork"  { branch { { when = did("page", { where = { path = glob "/pricing*" } }), go = "end" }, otherwise = "case" } },
    step "case"  { email { template = "case", subject = "Three weeks at Hooli" } },
    step "end"   { stop() },
  },
}
-- Refused is not lost.
sequence "stay_in_touch" {
  start = entered "recycled", exit = left "recycled", purpose = "marketing",
  send  = { days = "mon-fri", from = "09:00", to = "18:00", tz = { "lead.timezone", "Europe/Paris" } },
  steps = {
    step "rest" { wait "5d" },
    step "book" { email { template = "book", subject = "A book for slow days" } },
  },
}
-- After the sale, mail about the product is marketing too: it needs consent.
sequence "onboarding" {
  start = entered "customer", purpose = "marketing",
  steps = { step "first_week" { email { template = "first-week", subject = "Your first week" } } },
}
limits { email = { per_lead = 2, per = "7d" } }
