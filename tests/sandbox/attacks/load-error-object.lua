-- expect: load E002
error({})
score "attack" { why = "Attack", on = "page", points = 1 }
