"""The real program in a subprocess, against real servers."""
