"""Make it happen, once: straight lines of a few awaits."""
