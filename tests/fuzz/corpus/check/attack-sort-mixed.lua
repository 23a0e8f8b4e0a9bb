r-- expect: error
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    table.sort({ 1, "a", {} })
  end,
}
