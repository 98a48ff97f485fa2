"""Facts about domains, servers and the machine judged: pass, warn, fail, and what to do."""
