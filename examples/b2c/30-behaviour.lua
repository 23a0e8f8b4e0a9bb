-- What people do. Three speeds: taste lasts a season, desire a few days, loyalty a year.

score "looked"     { why = "Looked at a product", on = "Product Viewed", points = 1, dimension = "taste", group = "browsing", cooldown = "1m" }
score "searched"   { why = "Searched the shop", on = "Products Searched", points = 1, dimension = "taste", group = "browsing", limit = { times = 3, per = "1d" } }
score "favourite"  { why = "Kept a favourite", on = "Product Added to Wishlist", points = 4, dimension = "taste", once_per = "product_id" }
score "newsletter" { why = "Reads our newsletter", on = "Newsletter Subscribed", points = 6, dimension = "taste", once = true }

score "basket"     { why = "Filled the basket", on = "Product Added", per = { field = "price", each = 25, points = 2, max = 16 }, dimension = "desire" }
score "checkout"   { why = "Went to the till", on = "Checkout Started", points = 12, dimension = "desire", limit = { times = 1, per = "1d" } }

score "bought"     { why = "Bought", on = "Order Completed", per = { field = "total", each = 20, points = 2, max = 20 }, dimension = "loyalty" }
score "reviewed"   { why = "Wrote a good review", on = "Review Posted", when = { stars = gte(4) }, points = 10, dimension = "loyalty", once_per = "product_id" }
score "returned"   { why = "Sent something back", on = "Order Refunded", points = -8, dimension = "loyalty" }
