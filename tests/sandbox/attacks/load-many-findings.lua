-- expect: load E003 E005
for i = 1, 1e9 do local x = nothing end
score "attack" { why = "Attack", on = "page", points = 1 }
