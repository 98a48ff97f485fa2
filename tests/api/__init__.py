"""The API: what other programs may do, and what they may not."""
