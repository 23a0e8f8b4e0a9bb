-- The click stream of a shop: user_id, session_id, event, timestamp, platform, acquisition_channel,
-- user_cohort, user_lifecycle. How a map is written stands in leadforge-events.lua.
return {
  userId     = "{user_id}",
  timestamp  = "{timestamp}",                        -- without a time zone: UTC
  properties = { session = "{session_id}" },
  traits     = { cohort = "{user_cohort}", lifecycle = "{user_lifecycle}" },
  context    = { device = { type = "{platform}" }, campaign = { source = "{acquisition_channel}" } },

  by = "{event}",
  rows = {
    home           = { type = "page", properties = { path = "/" } },
    catalog        = { type = "page", properties = { path = "/catalog" } },
    filter_results = { type = "page", properties = { path = "/catalog/filter" } },
    promo_page     = { type = "page", properties = { path = "/promo" } },
    review_page    = { type = "page", properties = { path = "/reviews" } },
    compare        = { type = "page", properties = { path = "/compare" } },
    account_page   = { type = "page", properties = { path = "/account" } },

    search       = "Products Searched",
    product_view = "Product Viewed",
    wishlist_add = "Product Added to Wishlist",
    support_chat = "Live Chat Conversation Started",

    add_to_cart      = "Product Added",
    cart             = "Cart Viewed",
    shipping_details = "Checkout Started",
    payment_details  = "Payment Info Entered",
    purchase         = "Order Completed",

    error_page    = { event = "Error Shown", properties = { where = "page" } },
    checkout_bug  = { event = "Error Shown", properties = { where = "checkout" } },
    payment_error = { event = "Error Shown", properties = { where = "payment" } },
  },
}
