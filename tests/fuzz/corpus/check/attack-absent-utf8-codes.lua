r-- expect: error
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    for _ in utf8.codes("x") do end
  end,
}
