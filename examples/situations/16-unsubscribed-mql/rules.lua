-- Situation 16. Un MQL désabonné : plus aucun e-mail, mais toujours MQL pour les ventes.
-- À regarder : Karen se désabonne avant d'être MQL : les ventes l'ont, le mailing non. Liam reçoit les deux, puis
-- se désabonne : il reste MQL, et son livre blanc suivant ne lui vaut plus d'e-mail. Mina ne se désabonne pas.

dimension "engagement" { range = { 0, 100 }, half_life = "30d" }
total { engagement = 1 }

score "livre_blanc" { why = "A téléchargé un livre blanc", on = "Ebook Downloaded", points = 15, once_per = "title" }

stages { "visitor", "lead", "mql", "sal" }
stage "lead" { enter = known() }
stage "mql"  { from = "lead", enter = at_least { engagement = 25 } }
stage "sal"  { from = "mql", enter = did "Lead Accepted", terminal = true }

action "remettre_aux_ventes" {
  on = entered "mql",
  webhook { to = endpoint "crm", body = { email = "{lead.email}", stage = "{stage}" } },
}
action "e_mail_de_suite" {
  on = fired "livre_blanc",
  when = all { trait { email = exists() }, none { did("Unsubscribed", { ever = true }) } },
  webhook { to = endpoint "mailing", body = { email = "{lead.email}", template = "apres-livre-blanc" } },
}
