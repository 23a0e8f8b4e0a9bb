-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local a = ("ab "):rep(20000) while true do if word(a, "abc") then break end end
  end,
}
