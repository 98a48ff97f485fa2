"""How fast the real thing is: invented queues of any length, raw baselines beside it, all on loopback."""
