"""The demo's world."""
