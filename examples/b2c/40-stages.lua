stages { "visitor", "contact", "shopper", "buyer", "regular"; side = { "dormant" } }

stage "contact" { enter = known() }
stage "shopper" {
  from  = { "contact", "dormant" },
  enter = any { at_least { desire = 12 }, all { at_least { taste = 12 }, visits { times = 3, within = "14d" } } },
}
stage "buyer"   { from = { "visitor", "contact", "shopper", "dormant" }, enter = did "Order Completed" }
stage "regular" { from = { "buyer", "dormant" }, enter = did("Order Completed", { times = 3, within = "180d" }) }
stage "dormant" { from = { "buyer", "regular" }, enter = did "Account Closed" }
