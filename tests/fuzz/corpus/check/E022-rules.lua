rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
score "pricing" { why = "Prices", on = "page", points = 10, group = "wev" }
group "web" { cap = 5 }
score "o" { why = "o", on = "x", points = 1, group = "web" }
