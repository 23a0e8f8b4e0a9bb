-- expect: load E007
print("x")
score "attack" { why = "Attack", on = "page", points = 1 }
