"""The tests. `make test` sets up what they need."""
