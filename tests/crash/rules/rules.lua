-- Small on purpose: what is checked here is the store.
dimension "engagement" { range = {0, 1000}, half_life = "21d" }
score "page" { why = "Looked at a page", on = "page", points = 1, limit = { times = 20, per = "1d" } }
score "form" { why = "Sent a form", on = "Form Submitted", points = 5, cooldown = "1s" }
stages { "visitor", "lead", "sql" }
stage "lead" { enter = known() }
stage "sql" { from = { "visitor", "lead" }, enter = did "Demo Requested", terminal = true }
action "hand_over" { on = entered "sql", webhook { to = endpoint "crm", body = { email = "{lead.email}" } } }
