"""Small rule sets for the detector's tests, built the way files are."""

from dlp.detect.rulespec import DetectorFile, read_rule
from dlp.rulefile import parse_model


def rules(*texts, family="x"):
    """Rules from YAML texts, each the mapping of one rule."""
    body = "version: 1\nrules:\n" + "".join(
        "  - " + text.strip().replace("\n", "\n    ") + "\n" for text in texts
    )
    located = parse_model(body.encode(), "x.yaml", DetectorFile)
    return tuple(read_rule(located, index, family) for index in range(len(texts)))


def rule(text, family="x"):
    return rules(text, family=family)[0]


ACME = "id: acme-key\npattern: '\\bacme_(?P<secret>[a-z0-9]{20,40})\\b'\nmatches: [x]"
HEX = """
id: named-hex
pattern: '\\b[0-9a-f]{32}\\b'
keywords: [bolt, nut]
context: 20
matches: [x]
"""
