"""Letters as bytes: composing and reading."""
