-- expect: load E007
pcall(error)
score "attack" { why = "Attack", on = "page", points = 1 }
