"""Claimants: each says what it wants in a round's batch (`loop.draft`), a module each."""
