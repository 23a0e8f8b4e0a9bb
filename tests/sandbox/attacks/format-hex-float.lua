-- expect: error
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return #("%a"):format(1.5) > 0
  end,
}
