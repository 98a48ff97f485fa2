"""The desk in a real browser: what is seen, tapped and typed on a phone and on a large screen."""
