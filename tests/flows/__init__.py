"""The flows, over a store in memory."""
