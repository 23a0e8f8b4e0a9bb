endpoint "crm" { url = "https://crm.test/", secret = "whsec_abc" }
