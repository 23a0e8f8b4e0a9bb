rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
dimension "fit" { kind = "state" }
score "long" { why = "A long address", on = "page", per = { field = "path", each = 10, points = 1 } }
fit "seniority" { why = "Seniority", field = "title", bands = { { below = 5, points = 0 }, { points = 10 } } }
