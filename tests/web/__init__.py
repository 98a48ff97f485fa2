"""The desk, used as a browser uses it."""
