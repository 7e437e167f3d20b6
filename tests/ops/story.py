"""
What happens in the hour, by simulated quarter minutes (steps), and which alerts it must
raise.

Strategy: `honest` runs in every step; it holds a little of everything, also refusals,
but not more than an honest company has. An `Act` is what goes wrong at one time. No act
without its alerts, no alert without its act; the killed worker is there to raise none.
"""

import base64
import contextlib
import gzip
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.ops.company import POLICY, Company, ciphertext, vendor_key

STEP_S = 15
PICTURE = b"\x89PNG\r\n\x1a\n" + random.Random(7).randbytes(3000)

type Alert = tuple[str, str, str]
"""(receiver, name, agent)."""


@dataclass(frozen=True)
class Act:
    """Something that goes wrong."""

    minute: float
    steps: int
    play: Callable[[Company, int], None]
    raises: tuple[Alert, ...] = ()

    @property
    def ends(self) -> float:
        """Minute."""
        return self.minute + self.steps * STEP_S / 60


def honest(company: Company, step: int) -> None:
    """What three agents do in a quarter of a minute."""
    said = [{"role": "user", "content": f"Please review change {step} of the parser."}]
    company.ask("builder", "chat.test", json={"model": "large", "messages": said})
    company.ask("researcher", "code.test", method="GET", path=f"/repos/{step}")
    company.ask("intern", "forms.test", data={"name": "report", "page": str(step)})
    for every, at, act in _NOW_AND_THEN:
        if step % every == at:
            act(company)


_NOW_AND_THEN: tuple[tuple[int, int, Callable[[Company], object]], ...] = (
    (4, 0, lambda c: c.ask("builder", "own.test", headers=_bearer(c.secret))),
    (8, 1, lambda c: c.ask("builder", "chat.test", json={"text": vendor_key()})),
    (8, 3, lambda c: c.ask("researcher", "forms.test", content=PICTURE)),
    (10, 5, lambda c: c.unread("researcher")),
    (20, 7, lambda c: c.talk("builder")),
    (16, 9, lambda c: c.ask("builder", "dead.test", method="GET")),
    (12, 6, lambda c: c.ask("researcher", "elsewhere.test", method="GET", scheme="http")),
    (24, 11, lambda c: c.ask("researcher", "forms.test", content=b"no gzip", headers=_GZIP)),
    (30, 13, lambda c: c.ask("builder", "code.test", json={"note": vendor_key()})),
    (18, 17, lambda c: c.ask("researcher", "code.test", content=ciphertext(2000))),
)  # fmt: skip
_GZIP = {"content-encoding": "gzip"}


def _bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def _break_the_rules(company: Company, step: int) -> None:
    if step == 0:
        company.write_policy(POLICY + "  - {id: oops")
    if step == 15:
        company.write_policy(POLICY + "# mended\n")


def _try_the_secret(company: Company, step: int) -> None:
    secret = company.secret
    ways = (
        {"json": {"note": secret}},
        {"json": {"note": base64.b64encode(secret.encode()).decode()}},
        {"content": secret.encode().hex()},
        {"params": {"q": secret[::-1]}},
        {"content": gzip.compress(secret.encode()), "headers": _GZIP},
        {"headers": {"x-note": secret}},
    )
    _refused(company.ask("intern", "code.test", **ways[step]))


def _touch_the_canary(company: Company, step: int) -> None:
    _refused(company.ask("intern", "forms.test", data={"found": company.canary}))


def _knock_on_every_door(company: Company, step: int) -> None:
    for _ in range(6):
        _refused(company.ask("intern", "elsewhere.test", scheme="http"))


def _send_ciphertext(company: Company, step: int) -> None:
    company.ask("researcher", "code.test", content=ciphertext(120_000))


def _guess(company: Company, step: int) -> None:
    company.guess(5 if step == 0 else 1)


def _kill_a_worker(company: Company, step: int) -> None:
    os.kill(company.proxy.workers()[0], signal.SIGKILL)
    time.sleep(0.3)


def _fill_the_disk(company: Company, step: int) -> None:
    filler = company.state / "filler"
    if step == 0:
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
        for _ in range(400):
            if company.ask("builder", "chat.test", json={"text": "x" * 500}) == 503:
                break
    if step == 11:
        filler.unlink()


def _refused(status: int) -> None:
    assert status in {403, 503}, status


ACTS = (
    Act(4, 16, _break_the_rules, (("team", "DlpReloadFailed", ""),)),
    Act(12, 6, _try_the_secret, (("page", "DlpKnownSecretAttempted", "intern"),)),
    Act(20, 2, _touch_the_canary,
        (("page", "DlpCanaryTouched", "intern"),
         ("page", "DlpKnownSecretAttempted", "intern"))),
    Act(25, 10, _knock_on_every_door,
        (("team", "DlpAgentRefusedOften", "intern"), ("team", "DlpBlocksSpike", ""))),
    Act(32, 16, _send_ciphertext, (("team", "DlpOpaqueBytesRising", "researcher"),)),
    Act(40, 14, _guess, (("team", "DlpAuthLockout", ""),)),
    Act(46, 1, _kill_a_worker),
    Act(50, 12, _fill_the_disk,
        (("page", "DlpAuditFailing", ""), ("page", "DlpFailClosed", ""))),
)  # fmt: skip
OF_THE_MACHINE = {"DlpInspectionSlow"}
"""Alerts that a busy machine may raise at any time; they are told, not judged."""
SILENCE: tuple[Alert, ...] = (("page", "DlpProxyDown", ""),)
"""After the hour the proxy is stopped."""


def play(
    company: Company, factor: float, minutes: float, told: Callable[[str], None]
) -> dict[Act, float]:
    """Play the hour; when each act began."""
    began = time.time()
    pace, number = STEP_S / factor, 0
    starts: dict[Act, float] = {}
    left = {act: act.steps for act in ACTS if act.minute < minutes}
    while (minute := (time.time() - began) * factor / 60) < minutes or left:
        for act in [act for act in left if act.minute <= minute]:
            if act not in starts:
                told(f"minute {minute:4.1f}: {act.play.__name__.strip('_')}")
                starts[act] = time.time()
            act.play(company, act.steps - left[act])
            left[act] -= 1
            if not left[act]:
                del left[act]
        honest(company, number)
        number += 1
        time.sleep(max(0.0, began + number * pace - time.time()))
    return starts
