"""Label Studio: people who answer in their browsers.

Reading order: `faults`, `access`, `wire`, `filters`, `client` (the server, and what its failures mean).
"""
