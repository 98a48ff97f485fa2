"""Files of the working folder."""
