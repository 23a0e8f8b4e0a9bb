-- expect: load E004
local s = "x" for i = 1, 100 do s = s .. s end
score "attack" { why = "Attack", on = "page", points = 1 }
