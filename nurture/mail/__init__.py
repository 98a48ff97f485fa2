"""Letters as bytes. Pure: bytes to values and back."""
