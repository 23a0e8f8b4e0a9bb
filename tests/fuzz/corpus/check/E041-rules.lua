rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
dimension "fit" { range = { 0, 100 }, kind = "state" }
fit "size" { why = "x", field = "company.employees", dimension = "engagement", bands = { { points = 5 } } }
