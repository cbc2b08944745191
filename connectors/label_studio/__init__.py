"""Label Studio: people who answer in their browsers.

Reading order: `faults`, `access`, `wire`, `calling`, `filters`, `listing`, `client` (the server, and what its
failures mean).
"""
