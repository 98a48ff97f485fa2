"""One file for each revision, ``r<revision>_<slug>.py``."""
