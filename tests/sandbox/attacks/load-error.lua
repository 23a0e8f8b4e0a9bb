-- expect: load E002
error("no")
score "attack" { why = "Attack", on = "page", points = 1 }
