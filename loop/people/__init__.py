"""People's answers: `majority` and `soft` make one label of several, `agreement` says how far they agree."""
