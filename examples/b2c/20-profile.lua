-- Who it is. A missing answer is no fault: `missing` says what it counts.

fit "age_band" { why = "Age band", dimension = "profile", count = years_since "birthday", missing = 10,
  bands = { { below = 18, points = 0 }, { below = 25, points = 10 }, { below = 40, points = 25 }, { below = 65, points = 20 }, { points = 10 } } }

-- `interests` is a list; any of its entries may match. The best line counts.
fit "interests" { why = "Interests", dimension = "profile", field = "interests", take = "best", missing = 0, other = 0,
  words = {
    { any = { "trail", "running", "course à pied" }, points = 25 },
    { any = { "cycling", "vélo", "triathlon" }, points = 20 },
    { any = { "yoga", "fitness", "natation" }, points = 10 },
  } }

fit "phone_known" { why = "Gave a phone number", dimension = "profile", when = { phone = exists() }, points = 15 }
fit "near_a_shop" { why = "Lives near a shop", dimension = "profile", when = { postal_code = in_list "shop_areas" }, points = 10 }

fit "visits" { why = "Visits in two weeks", dimension = "rhythm", count = visits { within = "14d" },
  bands = { { below = 1, points = -5 }, { below = 4, points = 0 }, { points = 5 } } }
fit "active_days" { why = "Days with a look at products in a month", dimension = "rhythm",
  count = days("Product Viewed", { within = "30d" }),
  bands = { { below = 3, points = 0 }, { points = 5 } } }
