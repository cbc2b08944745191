"""The outside: data sources, encoders, annotators. Each is a plug-in behind a protocol of `loop.ports`."""
