"""Writing the differences: one asset per outbound object, each bound to its gate's verdict."""
