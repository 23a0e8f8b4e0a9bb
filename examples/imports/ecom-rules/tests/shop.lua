test "somebody who browses, compares and buys three times is a regular" {
  at = "2026-03-02T09:00:00Z",
  play = {
    after("0m") { page { path = "/" }, page { path = "/" }, page { path = "/" }, page { path = "/" }, page { path = "/" }, page { path = "/" } },
    after("0m") { expect { stage = "visitor", fired = { page_view = 5 }, not_fired = { "compared" } } },
    after("1m") { track("Products Searched"), track("Products Searched"), track("Products Searched"), track("Products Searched") },
    after("2m") { track("Product Viewed"), track("Product Viewed"), expect { fired = { searched = 3, looked = 1 }, taste = 10 } },
    after("3m") { page { path = "/compare" }, page { path = "/compare" }, expect { fired = { compared = 1 }, desire = 3 } },
    after("4m") { track("Product Added"), track("Product Added"), track("Product Added"), track("Product Added") },
    after("4m") { expect { stage = "shopper", because = "at_least", fired = { basket = 3 }, grade = "B1" } },
    after("5m") { track("Checkout Started"), track("Payment Info Entered"), track("Checkout Started"), expect { fired = { checkout = 2 } } },
    after("6m") { track("Order Completed"), expect { stage = "buyer", loyalty = 20 } },
    after("9d") { track("Order Completed") },
    after("19d") { track("Order Completed"), expect { stage = "regular", fired = { bought = 3 } } },
  },
}

test "favourites: five a month" {
  play = {
    after("0h") { track("Product Added to Wishlist"), track("Product Added to Wishlist"), track("Product Added to Wishlist") },
    after("1h") { track("Product Added to Wishlist"), track("Product Added to Wishlist"), track("Product Added to Wishlist") },
    after("1h") { expect { fired = exactly { favourite = 5 } } },
  },
}

test "the till fails: somebody helps" {
  play = {
    after("0h") { track("Error Shown", { where = "page" }), expect { trouble = 2, not_sent = { "help_at_the_till" }, total = 0 } },
    after("1h") { track("Error Shown", { where = "payment" }), expect { fired = exactly { failed_page = 1, failed_at_till = 1 }, sent = { "help_at_the_till" } } },
  },
}

test "customers for longer count more" {
  play = {
    after("0h") { identify { email = "a@client.test", lifecycle = "returning" }, expect { known = 10 } },
    after("1h") { identify { lifecycle = "loyal" }, expect { known = 15 } },
  },
}
