rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
action "a" { on = did "x", task { note = "Call {lead.first_name} at {lead.company.name|their company}" } }
score "used" { why = "Used", on = "Used", points = 1 }
