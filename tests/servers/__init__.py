"""Real servers on loopback, started for a test and ended with it."""
