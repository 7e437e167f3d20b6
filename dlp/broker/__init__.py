"""Credentials on behalf of people and agents: where secrets come from."""
