-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local s = ("x"):rep(500000) for i = 1, 1000 do s = s:upper() end return #s > 0
  end,
}
