"""What the next labels would buy.

In reading order: shapes, priors, posterior, noise, foretelling, worth, steady, stopping, control, telling.
"""
