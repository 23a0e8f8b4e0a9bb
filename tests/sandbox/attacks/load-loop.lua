-- expect: load E003
while true do end
score "attack" { why = "Attack", on = "page", points = 1 }
