rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
local t = { "x" }
t[2] = t
score "pricing" { why = "x", on = "page", points = 5, tags = t }
