-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local n = 0 for _ in ("a"):rep(100000):gmatch(".-") do n = n + 1 end return n > 0
  end,
}
