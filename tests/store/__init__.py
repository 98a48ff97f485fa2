"""The store: its contract, its file, its schema."""
