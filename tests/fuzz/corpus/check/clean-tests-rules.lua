rdimension "engagement" { range = { 0, 100 }, half_life = "21d" }
dimension "fit" { range = { 0, 100 }, kind = "state" }
total { engagement = 1, fit = 1 }
score "visit" { why = "Visited", on = "page", points = 5 }
fit "title" { why = "Title", field = "title", words = { { any = { "vp" }, points = 10 } } }
stages { "visitor", "lead" }
stage "lead" { enter = known(), terminal = true }
action "welcome" { on = entered "lead", task { note = "Say hello" } }
model "default_model" { }
