rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
dimension "fit" { range = { 0, 100 }, kind = "state" }
fit "size" { why = "x", field = "company.employees", bands = { { below = 200, points = 5 }, { below = 50, points = 0 }, { points = 9 } } }
