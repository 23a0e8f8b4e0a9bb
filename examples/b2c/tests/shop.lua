-- People of the shop, in virtual time.

test "Léa looks, keeps, fills the basket and goes to the till: the shop calls her" {
  at = "2026-06-01T10:00:00Z",
  play = {
    after("0m") { page { path = "/" }, expect { stage = "visitor", profile = 10, rhythm = 0 } },
    after("5m") { identify { email = "lea@client.test", firstName = "Léa", birthday = "1995-03-01", interests = { "Trail", "Cinéma" }, postal_code = "69001" } },
    after("5m") { expect { stage = "contact", profile = between(50, 60) } },
    after("6m") { track("Product Viewed", { product_id = "p1" }), track("Product Viewed", { product_id = "p2" }) },
    after("6m") { track("Products Searched"), track("Products Searched"), track("Products Searched"), track("Products Searched") },
    after("6m") { expect { fired = { looked = 1, searched = 3 } } },
    after("8m") { track("Product Added to Wishlist", { product_id = "p1" }), track("Product Added to Wishlist", { product_id = "p1" }) },
    after("9m") { track("Newsletter Subscribed"), track("inscription_newsletter"), expect { fired = { favourite = 1, newsletter = 1 }, taste = between(13.9, 14) } },
    after("1h") { identify { telephone = "+33 6 00 00 00 00" } },
    after("2h") { track("Product Added", { price = 120 }), track("Product Added", { price = 10 }), expect { fired = { basket = 1 }, desire = 8, stage = "contact" } },
    after("3h") { track("Checkout Started"), track("Checkout Started") },
    after("3h") { expect { fired = { checkout = 1 }, stage = "shopper", because = "at_least", sent = exactly { welcome_shopper = 1 } } },
    after("4h") { track("Product Added", { price = 60 }), expect { desire = between(23, 24), grade = "A2", sent = { call_from_the_shop = 1 } } },
    after("5h") { track("Order Completed", { total = 130 }), expect { stage = "buyer", loyalty = 12 } },
  },
}

test "Marc buys twice on the web and once over the counter: a regular" {
  at = "2026-06-01T10:00:00Z",
  given = { lead = { email = "marc@client.test" }, stage = "contact" },
  play = {
    after("1d")  { track("Order Completed", { total = 90 }), expect { stage = "buyer", loyalty = between(7.9, 8), sent = exactly { thank_buyer = 1 } } },
    after("9d")  { track("Order Completed", { total = 15 }), expect { fired = { bought = 1 }, stage = "buyer" } },
    after("19d") { track("Caisse", { total = 60 }), expect { stage = "regular", sent = { new_regular = 1, thank_buyer = 3 } } },
    after("40d") { track("Review Posted", { stars = 5, product_id = "p1" }), track("Review Posted", { stars = 2, product_id = "p2" }) },
    after("41d") { track("Order Refunded"), expect { fired = { reviewed = 1, returned = 1 } } },
    after("50d") { track("Account Closed"), expect { stage = "dormant" } },
    after("60d") { track("Order Completed", { total = 40 }), expect { stage = "regular", sent = { new_regular = 2 } } },   -- and back again
  },
}

test "Nora unsubscribed: a shopper by her visits, and no mail" {
  at = "2026-06-01T10:00:00Z",
  given = { lead = { email = "nora@client.test" }, stage = "contact" },
  play = {
    after("0d") { track("Unsubscribed"), track("Newsletter Subscribed"), page { path = "/" } },
    after("1d") { track("Product Added to Wishlist", { product_id = "p1" }), track("Product Viewed"), page { path = "/" } },
    after("2d") { track("Product Added to Wishlist", { product_id = "p2" }), track("Product Viewed"), page { path = "/" } },
    after("2d") { expect { stage = "shopper", because = "visits", not_sent = { "welcome_shopper" }, rhythm = 0 } },
    after("3d") { track("Product Viewed"), page { path = "/" }, expect { rhythm = 10 } },
    after("40d") { expect { rhythm = -5 } },
  },
}

test "who somebody is: every age has its band, and the best interest counts" {
  at = "2026-06-01T10:00:00Z",
  play = {
    after("0h") { identify { email = "a@client.test", birthday = "2012-01-01" }, expect { profile = 0 } },
    after("1h") { identify { date_naissance = "2005-01-01" }, expect { profile = 10 } },
    after("2h") { identify { birthday = "1980-01-01" }, expect { profile = 20 } },
    after("3h") { identify { birthday = "1950-01-01" }, expect { profile = 10 } },
    after("4h") { identify { interests = { "Yoga" } }, expect { profile = 20 } },
    after("5h") { identify { interests = { "Yoga", "Vélo" } }, expect { profile = 30 } },
    after("6h") { identify { interests = { "Échecs" } }, expect { profile = 10 } },
  },
}

test "colleagues and robots are recorded, and nothing else" {
  play = {
    after("0h") { identify { email = "hana@sommet.test", phone = "+33 6 00 00 00 00" }, track("Product Viewed"), expect { total = 0, fired = exactly {} } },
  },
}
