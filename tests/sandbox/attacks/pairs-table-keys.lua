-- expect: error
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local t = {} t[{}] = 1 for _ in pairs(t) do end
  end,
}
