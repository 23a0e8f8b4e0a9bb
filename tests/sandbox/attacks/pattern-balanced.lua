-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return ("("):rep(100000):find("%b()") ~= nil
  end,
}
