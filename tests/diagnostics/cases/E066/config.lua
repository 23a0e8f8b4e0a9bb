endpoint "crm" { url = env "RIPEN_NOT_SET_ANYWHERE" }
