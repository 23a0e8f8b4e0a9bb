dimension "engagement" { range = { 0, 200 }, half_life = "21d" }
score "used" { why = "Used", on = "Used", points = 1 }
action "into_none" { on = did "x", crm { to = endpoint "hook", fields = { jobtitle = "{lead.title|}" } } }
action "by_hook" { on = did "x", webhook { to = endpoint "hub" } }
action "by_note" { on = did "x", notify { to = endpoint "hub", text = "{lead.email|}" } }
action "right" { on = did "x", webhook { to = endpoint "hook" }, crm { to = endpoint "hub", fields = { jobtitle = "{lead.title|}" } } }
