-- expect: load E002
did(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18)
score "attack" { why = "Attack", on = "page", points = 1 }
