-- expect: load E003
for i = 1, 1e9 do score("x" .. i) { on = "page", why = "x", points = 1 } end
score "attack" { why = "Attack", on = "page", points = 1 }
