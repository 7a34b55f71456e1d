"""The gates: a verdict over each outbound batch before anything of it may leave."""
