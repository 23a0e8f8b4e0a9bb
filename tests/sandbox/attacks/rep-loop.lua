-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local s for i = 1, 1000 do s = ("x"):rep(1000000) end return #s > 0
  end,
}
