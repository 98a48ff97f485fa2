"""Values in, values out: the database behind the store's door."""
