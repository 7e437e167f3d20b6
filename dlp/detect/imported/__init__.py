"""Rules of other scanners as rules of ours."""
