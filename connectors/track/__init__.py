"""Trackers: where each round of a campaign is logged too, beside its own store (`labelwright.track`)."""
