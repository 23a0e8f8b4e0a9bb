-- expect: error
local seen = {}
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    seen[event.name or "x"] = true return true
  end,
}
