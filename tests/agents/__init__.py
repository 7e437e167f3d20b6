"""
Real coding agents, as npm has them, at work in the real cage behind the real proxy:
`make agents-test`. Only the model is played, over each vendor's own API; it has the
agent run commands, and judges what came back to it.

Not part of `make test`: the agents are 2 GB.
"""
