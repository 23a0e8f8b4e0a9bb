r-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return ("x"):rep(4000):find(".-.-.-b") ~= nil
  end,
}
