rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
team "sdr" { members = { "lea@acme.test" }, hours = "sales" }
score "used" { why = "Used", on = "Used", points = 1 }
