-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    while true do for k, v in pairs(event.properties) do local s = tostring(v) end end
  end,
}
