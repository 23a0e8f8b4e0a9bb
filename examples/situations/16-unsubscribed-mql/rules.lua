-- Situation 16. Un MQL désabonné : plus aucun e-mail, mais toujours MQL pour les ventes.
-- À regarder : Karen n'a jamais donné son accord : les ventes l'ont, l'e-mail est retenu avec sa raison. Liam a donné le
-- sien et reçoit le guide, puis la suite ; il se désabonne au milieu : la série s'arrête d'elle-même, il reste MQL, et son
-- livre blanc suivant ne lui vaut plus d'e-mail. Mina va au bout. Aucune règle ne parle de l'accord : le moteur le demande
-- pour chaque e-mail.

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
  when = trait { email = exists() },
  email { template = "apres-livre-blanc", subject = "Votre guide, {lead.first_name|et bonne lecture}" },
}
sequence "decouverte" {
  start = entered "mql", exit = left "mql", purpose = "marketing",
  send = { days = "mon-fri", from = "09:00", to = "18:00", tz = { "lead.timezone", "Europe/Paris" } },
  steps = {
    step "pause" { wait "2d" },
    step "cas"   { email { template = "cas-client", subject = "Comment d'autres ont fait" } },
    step "repos" { wait "5d" },
    step "appel" { email { template = "rendez-vous", subject = "En parler ?" } },
  },
}
