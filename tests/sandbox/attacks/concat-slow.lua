-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local s = "" for i = 1, 100000 do s = s .. "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" end return #s > 0
  end,
}
