r-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return ("a"):rep(30):find(("a*"):rep(30) .. "b") ~= nil
  end,
}
