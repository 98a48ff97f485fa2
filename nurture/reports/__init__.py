"""Values to tables, charts and documents."""
