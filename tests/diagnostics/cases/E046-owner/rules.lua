dimension "engagement" { range = { 0, 200 }, half_life = "21d" }
score "pricing" { why = "Prices", on = "page", points = 10, when = { ["lead.owner"] = "lea@acme.test" } }
