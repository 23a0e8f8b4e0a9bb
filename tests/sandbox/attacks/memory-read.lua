-- expect: ok
local seen, names = { 2, 1 }, { a = "b" }
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return #seen == 2 and seen[1] == 2 and names.a == "b"
  end,
}
