rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
local base = nil
score "pricing" { why = "x", on = "page", points = base + 1 }
