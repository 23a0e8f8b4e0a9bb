dimension "engagement" { range = { 0, 200 }, half_life = "21d" }
while true do end
score "used" { why = "Used", on = "Used", points = 1 }
