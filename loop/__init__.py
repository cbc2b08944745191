"""The engine: store, rounds, choosing, learning, people's labels, measuring, budget.

It knows the outside only through the protocols in `ports`.
"""
