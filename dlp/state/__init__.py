"""What outlives a process: keys, agents, secrets, coverage."""
