"""views -> findings: rules, checks, fingerprints, entropy."""
