rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
calendar "sales" { holidays = "lists/holidays.txt" }
score "used" { why = "Used", on = "Used", points = 1 }
