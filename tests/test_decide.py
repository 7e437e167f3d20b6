from dataclasses import replace

import pytest

from dlp.decide import Facts, decide
from dlp.model import Action, Agent, Finding, Kind, Place, Reason, Tier
from dlp.policy.reach import Reach

AGENT = Agent("default")
ALLOW = Reach("allow", "llm")


def pattern(tier=Tier.STRONG, place=Place.ELSEWHERE, family="llm", span=(0, 1)):
    return Finding("rule", Kind.PATTERN, tier, "body", 0, span, "d", family, "", place)


def secret(place=Place.ELSEWHERE, span=(0, 1)):
    return Finding(
        "name",
        Kind.FINGERPRINT,
        Tier.CERTAIN,
        "body",
        0,
        span,
        "d",
        "secret",
        "",
        place,
    )


FETCH = Finding("fetch", Kind.DESTINATION, Tier.CERTAIN, "body")


def verdict(*findings, reach=ALLOW, **facts):
    return decide(Facts(AGENT, reach, findings, **facts))


def outcome(*findings, **facts):
    found = verdict(*findings, **facts)
    return found.action, found.reason, found.rule


PRECEDENCE = [
    (
        "a quarantined agent before a deny",
        {"agent": replace(AGENT, quarantined=True), "reach": Reach("deny", "no")},
        (Action.BLOCK, Reason.QUARANTINED, "agent"),
    ),
    (
        "a deny before unreadable",
        {"reach": Reach("deny", "no"), "truncated": "depth"},
        (Action.BLOCK, Reason.DESTINATION, "no"),
    ),
    (
        "default deny before unreadable",
        {"reach": Reach("none"), "truncated": "depth"},
        (Action.BLOCK, Reason.DESTINATION, "default-deny"),
    ),
    (
        "unreadable before a known secret",
        {"reach": ALLOW, "undecodable": ("body > rot",), "findings": (secret(),)},
        (Action.BLOCK, Reason.UNREADABLE, "inspection"),
    ),
    (
        "a known secret before a pattern",
        {"reach": ALLOW, "findings": (pattern(), secret())},
        (Action.BLOCK, Reason.CONTENT, "name"),
    ),
    (
        "a pinned host before a pattern",
        {"reach": ALLOW, "findings": (pattern(),), "foreign_credential": "basic"},
        (Action.BLOCK, Reason.CONTENT, "pinned"),
    ),
    (
        "a URL to be fetched before a pattern",
        {"reach": ALLOW, "findings": (pattern(), FETCH)},
        (Action.BLOCK, Reason.DESTINATION, "fetch"),
    ),
    (
        "a pattern before a limit",
        {"reach": ALLOW, "findings": (pattern(),), "limit": "rate"},
        (Action.BLOCK, Reason.CONTENT, "rule"),
    ),
    (
        "a limit before an approval",
        {"reach": Reach("approve", "writes"), "limit": "rate"},
        (Action.BLOCK, Reason.LIMIT, "rate"),
    ),
    (
        "an approval without a grant",
        {"reach": Reach("approve", "writes")},
        (Action.HOLD, Reason.APPROVAL_REQUIRED, "writes"),
    ),
    (
        "an approval with a grant",
        {"reach": Reach("approve", "writes"), "granted": True},
        (Action.ALLOW, Reason.OK, "writes"),
    ),
    ("nothing against it", {"reach": ALLOW}, (Action.ALLOW, Reason.OK, "llm")),
]


@pytest.mark.parametrize(
    ("facts", "expected"), [r[1:] for r in PRECEDENCE], ids=[r[0] for r in PRECEDENCE]
)
def test_the_first_that_applies_wins(facts, expected):
    found = decide(Facts(**{"agent": AGENT, **facts}))
    assert (found.action, found.reason, found.rule) == expected


@pytest.mark.parametrize("found", [pattern(), secret()], ids=["pattern", "secret"])
def test_a_url_to_be_fetched_is_never_redacted(found):
    reach = replace(ALLOW, on_secret="redact")
    assert verdict(found, reach=reach).action is Action.REDACT
    assert verdict(found, FETCH, reach=reach).action is Action.BLOCK


VENDOR, OTHER, ELSE = Place.VENDOR_SLOT, Place.OTHER_SLOT, Place.ELSEWHERE
TABLE = [
    (Tier.CERTAIN, "llm", VENDOR, Action.ALLOW),
    (Tier.CERTAIN, "llm", OTHER, Action.BLOCK),
    (Tier.CERTAIN, "llm", ELSE, Action.BLOCK),
    (Tier.STRONG, "llm", VENDOR, Action.ALLOW),
    (Tier.STRONG, "llm", OTHER, Action.BLOCK),
    (Tier.STRONG, "llm", ELSE, Action.BLOCK),
    (Tier.STRONG, "jwt", VENDOR, Action.ALLOW),
    (Tier.STRONG, "jwt", OTHER, Action.ALLOW),
    (Tier.STRONG, "jwt", ELSE, Action.BLOCK),
    (Tier.LIKELY, "llm", VENDOR, Action.ALLOW),
    (Tier.LIKELY, "llm", OTHER, Action.ALLOW),
    (Tier.LIKELY, "llm", ELSE, Action.BLOCK),
    (Tier.WEAK, "llm", VENDOR, Action.ALLOW),
    (Tier.WEAK, "llm", OTHER, Action.ALLOW),
    (Tier.WEAK, "llm", ELSE, Action.ALLOW),
]


@pytest.mark.parametrize(("tier", "family", "place", "action"), TABLE)
def test_the_table_of_tiers_and_places(tier, family, place, action):
    assert verdict(pattern(tier, place, family)).action is action


@pytest.mark.parametrize("family", ["llm", "jwt"])
def test_an_open_destination_takes_no_vendor_credential_in_any_slot(family):
    found = verdict(
        pattern(Tier.STRONG, VENDOR, family), reach=replace(ALLOW, kind="open")
    )
    assert found.action is Action.BLOCK


def test_a_host_that_only_a_star_matches_takes_no_vendor_credential():
    star = replace(ALLOW, wildcard=True)
    assert verdict(pattern(Tier.STRONG, VENDOR), reach=star).action is Action.BLOCK
    assert verdict(pattern(Tier.LIKELY, OTHER), reach=star).action is Action.ALLOW


def test_a_secret_at_home_passes_even_where_only_a_star_matches():
    star = replace(ALLOW, wildcard=True)
    assert verdict(secret(Place.BOUND), reach=star).action is Action.ALLOW


@pytest.mark.parametrize("kind", ["certain-elsewhere", "partial"])
def test_a_known_secret_is_never_only_observed(kind):
    reach = replace(ALLOW, mode="observe")
    facts = (
        {"findings": (secret(),)} if kind != "partial" else {"completes": (secret(),)}
    )
    assert decide(Facts(AGENT, reach, **facts)).action is Action.BLOCK


def test_unreadable_is_never_only_observed():
    found = verdict(reach=replace(ALLOW, mode="observe"), truncated="ratio")
    assert found.action is Action.BLOCK


@pytest.mark.parametrize("effect", ["deny", "none", "approve"])
def test_observe_lets_a_destination_pass_and_says_what_it_would_have_done(effect):
    found = verdict(reach=Reach(effect, "s", mode="observe"))
    assert found.action is Action.ALLOW
    assert found.would in {Action.BLOCK, Action.HOLD}


def test_redact_needs_a_span():
    """What has none may be the same secret in a join: the second look says."""
    reach = replace(ALLOW, on_secret="redact")
    assert verdict(pattern(), reach=reach).action is Action.REDACT
    assert verdict(pattern(), pattern(span=None), reach=reach).action is Action.REDACT
    assert verdict(pattern(span=None), reach=reach).action is Action.BLOCK
    assert verdict(secret(), reach=reach).action is Action.REDACT


@pytest.mark.parametrize(
    ("rule", "statement", "kind", "expected"),
    [
        ("redact", "block", "plain", Action.REDACT),
        ("block", "redact", "plain", Action.BLOCK),
        ("", "redact", "plain", Action.REDACT),
        ("redact", "block", "open", Action.BLOCK),
    ],
)
def test_a_rule_says_for_itself_what_its_finding_does(rule, statement, kind, expected):
    reach = replace(ALLOW, on_secret=statement, kind=kind)
    found = replace(pattern(), on_secret=rule)
    assert verdict(found, reach=reach).action is expected
    assert verdict(found, secret(), reach=replace(reach, on_secret="block")).action is (
        Action.BLOCK
    )


def test_every_finding_is_in_the_verdict_whatever_decided():
    found = verdict(pattern(), secret(), reach=Reach("none"))
    assert len(found.findings) == 2


@pytest.mark.parametrize("base", [[], [pattern(Tier.WEAK)], [pattern(), secret()]])
@pytest.mark.parametrize("mode", ["enforce", "observe"])
@pytest.mark.parametrize("on_secret", ["block", "redact"])
def test_a_further_finding_never_makes_a_verdict_milder(base, mode, on_secret):
    reach = replace(ALLOW, mode=mode, on_secret=on_secret)
    before = list(Action).index(verdict(*base, reach=reach).action)
    for tier in Tier:
        for place in Place:
            for span in ((0, 1), None):
                more = verdict(*base, pattern(tier, place, span=span), reach=reach)
                assert list(Action).index(more.action) >= before


def test_what_an_open_destination_does_not_take_is_refused():
    found = verdict(breach="no body")
    assert (found.action, found.rule, found.detail) == (Action.BLOCK, "llm", "no body")


def test_what_completes_a_secret_is_not_cut_out_with_the_rest():
    cutting = replace(ALLOW, on_secret="redact")
    assert outcome(secret(), reach=cutting)[0] is Action.REDACT
    both = outcome(secret(), reach=cutting, completes=(secret(),))
    assert both == (Action.BLOCK, Reason.CONTENT, "name")
