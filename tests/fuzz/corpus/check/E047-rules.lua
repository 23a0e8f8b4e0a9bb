rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
dimension "fit" { range = { 0, 100 }, kind = "state" }
fit "from" { why = "x", field = "first_touch.sorce", words = { { any = "x", points = 1 } } }
