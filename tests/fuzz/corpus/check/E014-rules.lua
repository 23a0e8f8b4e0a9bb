rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
score "pricing" { why = "Prices", on = "page", points = 10, cooldown = 30, limit = { times = 1, per = "7 fortnights" } }
