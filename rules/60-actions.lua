-- What happens then. An endpoint is a name; its address and secret stand in ripen.lua, never here.
-- An action runs once for each time its trigger happens. Stages that a lead only passes through run none.

-- Marketing hands over: the CRM gets the lead, its owner gets a task. Never for a competitor.
action "hand_to_sales" {
  on   = entered "mql",
  when = trait { email_domain = none { in_list "competitors" } },
  webhook { to = endpoint "crm", body = {
    email = "{lead.email}", name = "{lead.first_name|} {lead.last_name|}", company = "{lead.company.name|}", phone = "{lead.phone|}",
    stage = "{stage}", score = "{score.total}", grade = "{score.grade}", why = "{reasons.top(3)}" } },
  task { to = "owner", due = "24h", note = "Call {lead.first_name|this lead}, {lead.title|title unknown}: {reasons.top(3)}" },
}

-- A raised hand: everybody hears of it at once.
action "hand_raised" {
  on   = entered "sql",
  when = trait { email_domain = any { missing(), none { in_list "competitors" } } },       -- also who left a phone number only
  webhook { to = endpoint "crm", body = {
    email = "{lead.email}", name = "{lead.first_name|} {lead.last_name|}", company = "{lead.company.name|}", phone = "{lead.phone|}",
    stage = "{stage}", score = "{score.total}", grade = "{score.grade}", why = "{reasons.top(3)}" } },
  notify { to = endpoint "sales_channel", text = "{lead.email|Somebody without an e-mail} ({lead.company.name|company unknown}, {score.grade}) raised a hand: {reasons.top(3)}" },
  task   { to = "owner", due = "1h", note = "Answer {lead.first_name|this lead} now: {reasons.top(3)}" },
}

-- The CRM should know when marketing takes a lead back.
action "taken_back" {
  on = entered "recycled",
  webhook { to = endpoint "crm", body = { email = "{lead.email}", stage = "{stage}", grade = "{score.grade}" } },
}

-- Good to know: a rival is looking around, somebody warms up quickly, a customer speaks well of us.
action "rival_seen" {
  on   = entered "lead", even_when_passing = true,
  when = trait { email_domain = in_list "competitors" },
  notify { to = endpoint "sales_channel", text = "A competitor is looking around: {lead.email}" },
}
action "warming_up" {
  on   = crossed("intent", 20),
  when = all { any { in_stage "mql", in_stage "sal" }, trait { email_domain = none { in_list "competitors" } } },
  notify { to = endpoint "sales_channel", text = "{lead.email} is warming up: {reasons.top(3)}" },
}
action "thank_evangelist" {
  on = entered "evangelist",
  task { to = "owner", due = "3d", note = "Thank {lead.first_name|this customer}, who speaks well of us" },
}
