-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local a = ("é"):rep(15000) while true do if contains(a, "éééé!") then break end end
  end,
}
