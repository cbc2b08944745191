"""People's answers: `majority` makes one label of several, `agreement` says how far they agree."""
