rteam "sdr" { members = { "lea@acme.test", "tom@acme.test" }, share = "round_robin", hours = "sales", away = "lists/away.csv" }
action "hand_to_sdr" {
  on = entered "mql", when = grade_in { "A1", "A2", "A3", "B1", "B2", "B3", "C1", "C2", "C3" },
  assign  { team = "sdr", keep_owner = true, not_to = "last_refuser" },
  webhook { to = endpoint "crm", body = { email = "{lead.email}", stage = "{stage}", score = "{score.total}", grade = "{score.grade}", why = "{reasons.top(3)}" } },
  task    { to = "owner", due = "4h", hours = "sales", note = "Call {lead.first_name|this lead}: {reasons.top(3)}" },
}
action "tell_manager" { on = late "mql", notify { to = endpoint "sales_channel", text = "{lead.email} waits since {stage_since}" } }
sequence "welcome" {
  start = entered "mql", exit = any { left "mql", did "Meeting Booked" }, reenter = "90d", purpose = "marketing",
  send = { days = "mon-fri", from = "08:00", to = "20:00", tz = { "lead.timezone", "Europe/Paris" } },
  steps = {
    step "hello" { email { template = "hello", subject = "Welcome, {lead.first_name|to you}" } },
    step "pause" { wait "1d" },
    step "case"  { email { template = { by = "lead.interest.top", default = "case-study" }, unless = did("page", { where = { path = glob "/customers/*" } }) } },
    step "look"  { wait_until { did "Feature Used", timeout = "3d" } },
    step "fork"  { branch { { when = did "Feature Used", go = "human" }, otherwise = "tips" } },
    step "tips"  { email { template = "three-tips", subject = "Three tips" }, stop() },
    step "human" { task { team = "sdr", due = "1d", note = "Active trial, fit {score.fit}" } },
  },
}
limits { email = { per_lead = 2, per = "7d" } }
