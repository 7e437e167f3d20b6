"""
`dlp demo`: an agent works honestly, then leaks, before the user's eyes.

Why not in `cage`: nothing here runs outside a demonstration. It plays both the agent
and the internet, on loopback, round a real proxy; only what arrives counts.
"""
