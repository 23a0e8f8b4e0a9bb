score "page_view" { why = "Visited the shop", on = "page", points = 1, dimension = "taste", group = "browsing", limit = { times = 5, per = "1d" } }
score "searched"  { why = "Searched the shop", on = "Products Searched", points = 1, dimension = "taste", group = "browsing", limit = { times = 3, per = "1d" } }
score "looked"    { why = "Looked at a product", on = "Product Viewed", points = 2, dimension = "taste", group = "browsing", cooldown = "1m" }
score "favourite" { why = "Kept a favourite", on = "Product Added to Wishlist", points = 4, dimension = "taste", limit = { times = 5, per = "30d" } }
score "compared"  { why = "Compared products", on = "page", when = { path = one_of { "/compare", "/reviews" } }, points = 3, dimension = "desire", cooldown = "1h" }

score "basket"   { why = "Put something in the basket", on = "Product Added", points = 8, dimension = "desire", limit = { times = 3, per = "1d" } }
score "checkout" { why = "Went to the till", on = { "Checkout Started", "Payment Info Entered" }, points = 10, dimension = "desire", limit = { times = 2, per = "1d" } }
score "bought"   { why = "Bought", on = "Order Completed", points = 20, dimension = "loyalty" }

score "failed_at_till" { why = "The till failed", on = "Error Shown", when = { where = one_of { "checkout", "payment" } }, points = 10, dimension = "trouble" }
score "failed_page"    { why = "Saw an error", on = "Error Shown", when = { where = "page" }, points = 2, dimension = "trouble" }
