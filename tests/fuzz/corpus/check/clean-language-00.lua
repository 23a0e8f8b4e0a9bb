rnames  { ["company.employees"] = { "effectif", "nb_salaries" } }                    -- further aliases
event  "Demo Requested" { also = { "demande_demo", { "Form Submitted", where = { form = one_of { "demo", "démo" } } } } }
exclude "staff" { when = any { trait { email_domain = in_list "own_domains" }, trait { email = glob "*+test@*" } } }   -- recorded; no score, action, report or experiment
exclude "robots" { when = any { context { userAgent = contains "bot" }, context { ip = in_list "monitors" } } }
lookup "content" { file = "lists/content.csv", match = { path = "glob" }, gives = { "type", "topic" } }                -- event.content.type, event.content.topic
