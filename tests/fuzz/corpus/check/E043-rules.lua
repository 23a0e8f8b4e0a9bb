rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
dimension "intent" { half_life = "7d" }
group "web" { dimension = "intent", cap = 5 }
score "pricing" { why = "x", on = "page", points = { engagement = 5 }, group = "web" }
