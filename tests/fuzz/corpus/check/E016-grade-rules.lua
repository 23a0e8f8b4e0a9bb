rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
grade { engagement = { ["1"] = 50, ["2"] = 0 } }
score "used" { why = "Used", on = "Used", points = 1 }
action "a" { on = did "x", when = grade_in { "1", "A1" }, task { note = "x" } }
