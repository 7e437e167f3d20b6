import string
from pathlib import Path
from random import choices

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from dlp.audit import AuditLog
from dlp.backup.sealed import Identity, Recipient
from dlp.detect.known.fingerprint import SecretInfo
from dlp.record import Operation
from dlp.state import ca
from dlp.state.agents import AgentRegistry
from dlp.state.secrets import Registration, SecretStore
from dlp.state.sqlite import Store

PRIVATE = X25519PrivateKey.generate()
LOCK, KEY = Recipient(PRIVATE.public_key()), Identity(PRIVATE)
VALUE = "".join(choices(string.ascii_letters + string.digits, k=40)).encode()


def operation(number):
    return Operation(1000.0 + number, "cli:me", "agent.add", f"a{number}")


def fill(state: Path) -> str:
    """A state folder with something of everything; an agent's token."""
    state.mkdir(mode=0o700)
    ca.open_authority(state)
    SecretStore(state).add([Registration(SecretInfo("gh", ("h.test",)), VALUE)])
    Store.open(state).close()
    log = AuditLog.open(state)
    for number in range(20):
        log.append(operation(number))
    log.close()
    (state / "cache").mkdir()
    (state / "cache" / "compiled").write_text("x")
    return AgentRegistry(state).add("builder")


@pytest.fixture
def state(tmp_path):
    fill(tmp_path / "state")
    return tmp_path / "state"
