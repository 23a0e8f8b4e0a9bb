-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local n = 0 for i = 1, math.maxinteger do n = n + i end return n
  end,
}
