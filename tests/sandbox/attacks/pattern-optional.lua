-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return ("a"):rep(28):find(("a?"):rep(28) .. ("a"):rep(29)) ~= nil
  end,
}
