"""A Label Studio of one's own: installed into its own environment, started on loopback, stopped.

Reading order: `home` (where everything lies), `vault` (password and token), `installing`, `serving`
(command, environment, port: what the server is started with), `process`, `access` (health, signing
in), `running` (start, stop, status). Servers for teams are not started from here: see
docs/label-studio-server.md.
"""
