"""Label Studio: people who answer in their browsers.

Reading order: `faults`, `access`, `wire`, `calling`, `filters`, `listing`, `client` (the server, and what its
failures mean).

A campaign on it: `credentials`, `site` (its project), `page`, `payload` and `results` (what goes there, and
what comes back), `sending`, `watermark`, `answers`, `sweeping`, `collecting`, `notes`, `drift`, `migrating`,
`doctor`, `source` (all of it, as an annotator source). `studio`: a server of one's own.

What the server calls here: `hosting` (our small servers), `shared_secret`, `webhook` (being woken), `backend`
(suggestions while people label), `connecting`.
"""
