stages { "visitor", "shopper", "buyer", "regular" }

stage "shopper" { enter = any { at_least { desire = 12 }, all { at_least { taste = 10 }, visits { times = 3, within = "14d" } } } }
stage "buyer"   { from = { "visitor", "shopper" }, enter = did "Order Completed" }
stage "regular" { from = "buyer", enter = did("Order Completed", { times = 3, within = "90d" }), terminal = true }

-- Somebody wanted to pay and could not.
action "help_at_the_till" {
  on = crossed("trouble", 10),
  task { to = "owner", due = "4h", note = "The till failed for {lead.id}: {reasons.top(2)}" },
}
