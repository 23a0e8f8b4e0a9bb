-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local a = ("ab"):rep(30000) while true do if glob(a, "*a*b*a*c") then break end end
  end,
}
