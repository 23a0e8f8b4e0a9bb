endpoint "crm" { url = "crm.test/hook" }
