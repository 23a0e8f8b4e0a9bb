-- expect: error
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return table.unpack({}, 1, 1e8)
  end,
}
