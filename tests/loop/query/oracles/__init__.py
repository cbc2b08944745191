"""What the papers say, in plain loops, one strategy a file; nothing here imports labelwright.loop."""
