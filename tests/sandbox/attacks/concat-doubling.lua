-- expect: budget memory
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local s = "x" for i = 1, 40 do s = s .. s end return #s > 0
  end,
}
