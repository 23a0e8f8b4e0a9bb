rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
score "prices" { why = "Looked at prices", on = "page", when = { path = glob "/prices*" }, points = 10 }
score "page" { why = "A page", on = "page", points = 1 }
score "off" { why = "A page", on = "page", points = 2, enabled = false }
