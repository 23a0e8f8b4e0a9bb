rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
local t = { 1 }
t.x.y = 2
score "pricing" { why = "Prices", on = "page", points = 10 }
