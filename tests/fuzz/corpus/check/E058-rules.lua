rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
score "pricing" { why = "x", on = { "page", nil, "screen" }, points = 5 }
