rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
score "prices" { why = "Looked at prices", on = "page", when = { path = glob "/pricing*" }, points = 10 }
-- The same again, with another sentence.
score "pricing" { why = "Is interested in prices", on = "page", when = { path = glob "/pricing*" }, points = 5 }
-- Not the same: another event, another condition, another repetition, another dimension's decay.
score "screen" { why = "Prices in the app", on = "screen", when = { path = glob "/pricing*" }, points = 5 }
score "narrow" { why = "Prices for companies", on = "page", when = { path = glob "/pricing/enterprise*" }, points = 5 }
score "first" { why = "First look at prices", on = "page", when = { path = glob "/pricing*" }, points = 5, once = true }
score "lasting" { why = "Once saw prices", on = "page", when = { path = glob "/pricing*" }, points = 1, decay = "none" }
