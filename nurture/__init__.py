"""nurture: a self-hosted email nurturing daemon for B2B sales to hospitals."""

__version__ = "0.1.0"
