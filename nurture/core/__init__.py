"""What should happen. No I/O, no clock, no chance, no log."""
