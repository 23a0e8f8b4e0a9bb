rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
local s = "x"
for i = 1, 40 do s = s .. s end
score "used" { why = "Used", on = "Used", points = 1 }
