-- expect: error
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return ("x"):rep(100000):byte(1, -1) == 1
  end,
}
