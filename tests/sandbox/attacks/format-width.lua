-- expect: error
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return #("%99999999d"):format(1) > 0
  end,
}
