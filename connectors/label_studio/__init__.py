"""Label Studio: people who answer in their browsers.

Reading order: `faults`, `access`, `wire`, `calling`, `filters`, `listing`, `client` (the server, and what its
failures mean).

What the server calls here: `hosting` (our small servers), `shared_secret`, `webhook` (being woken), `backend`
(suggestions while people label), `connecting`.
"""
