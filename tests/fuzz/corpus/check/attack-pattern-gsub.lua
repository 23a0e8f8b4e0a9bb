r-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return (("a"):rep(100000):gsub("a*a*a*b", "")) == ""
  end,
}
