-- A call from the shop is worth it when somebody wants something now and gave a number.
action "call_from_the_shop" {
  on   = crossed("desire", 20),
  when = all { any { in_stage "contact", in_stage "shopper" }, trait { phone = exists() } },
  task { to = "owner", due = "4h", note = "Call {lead.first_name|this customer}: {reasons.top(2)}" },
}

action "welcome_shopper" {
  on   = entered "shopper",
  when = all { trait { email = exists() }, none { did("Unsubscribed", { ever = true }) } },
  webhook { to = endpoint "mailing", body = { email = "{lead.email}", template = "your-favourites", name = "{lead.first_name|}" } },
}

action "thank_buyer" {
  on   = did "Order Completed",
  when = all { trait { email = exists() }, none { did("Unsubscribed", { ever = true }) } },
  webhook { to = endpoint "mailing", body = { email = "{lead.email}", template = "thanks", total = "{event.total|}" } },
}

action "new_regular" {
  on = entered "regular",
  notify { to = endpoint "shop_channel", text = "{lead.first_name|Somebody} bought for the third time in half a year" },
}
