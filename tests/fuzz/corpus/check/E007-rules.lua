rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
print("hello")
score "pricing" { why = "x", on = "page", points = 10, when = { path = os.getenv("X") } }
