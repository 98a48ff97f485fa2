"""The demo's world: real servers in process, hospitals that answer, a fast clock."""
