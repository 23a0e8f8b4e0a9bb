r-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return (("a"):rep(2000)):find("(.-)(.-)%1%2b") ~= nil
  end,
}
