-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local t = {} while true do t[#t + 1] = event.properties end
  end,
}
