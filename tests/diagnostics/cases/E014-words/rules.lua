
dimension "engagement" { range = { 0, 200 }, half_life = "30 days" }
score "pricing" { why = "Prices", on = "page", points = 10, cooldown = "2 Hours" }
