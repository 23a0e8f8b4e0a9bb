-- expect: load E003 E005
while nothing do end
score "attack" { why = "Attack", on = "page", points = 1 }
