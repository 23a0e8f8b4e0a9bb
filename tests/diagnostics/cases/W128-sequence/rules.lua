dimension "engagement" { decay = "none" }
segment "paying" { trait { customer_plan = "gold" } }
sequence "care" { start = trait { region = "emea" }, exit = trait { churned = true }, steps = {
  step "hello" { wait_until { trait { employes = gte(5) }, timeout = "3d" }, task { note = "Call" } },
  step "look" { branch { { when = trait { desk = "b" }, go = "end" } } },
  step "end" { stop() },
} }
