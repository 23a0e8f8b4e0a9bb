r-- Intent: signs that somebody is about to buy. Half of it is gone after 14 days.

-- A raised hand: counts for both scores, once in a while.
score "asked_for_demo"  { why = "Asked for a demo", on = "Demo Requested", points = { engagement = 20, intent = 40 }, limit = { times = 1, per = "90d" } }
score "asked_for_quote" { why = "Asked for a quote", on = "Quote Requested", points = { engagement = 20, intent = 40 }, limit = { times = 1, per = "90d" } }
score "booked_meeting"  { why = "Booked a meeting", on = "Meeting Booked", points = { engagement = 15, intent = 35 }, limit = { times = 1, per = "30d" } }
score "started_trial"   { why = "Started a trial", on = "Trial Started", points = { engagement = 20, intent = 35 }, limit = { times = 1, per = "90d" } }

-- Quieter signs.
score "pricing_intent"  { why = "Came back to the prices", on = "page", when = { path = any { glob "/pricing*", glob "/tarif*" } },
                          points = 6, dimension = "intent", limit = { times = 4, per = "14d" }, cooldown = "12h" }
score "compares"        { why = "Compares us with others", on = "page", when = { path = any { glob "/compare/*", glob "/comparatif/*" } },
                          points = 5, dimension = "intent", once_per = "path" }
score "basket"          { why = "Filled a basket", on = "Product Added", per = { field = "price", each = 100, points = 2, max = 20 },
                          dimension = "intent", limit = { times = 3, per = "14d" } }
score "checkout"        { why = "Went to the check-out", on = "Checkout Started", points = 15, dimension = "intent", limit = { times = 1, per = "7d" } }
score "basket_emptied"  { why = "Took something out of the basket", on = "Product Removed", points = -3, dimension = "intent", limit = { times = 3, per = "14d" } }
