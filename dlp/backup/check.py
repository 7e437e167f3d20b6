"""
Whether a state folder can be used: asked of a backup before it takes a place.

Why not in `dlp.doctor`: that tells a person what would be better; this says yes or no.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from dlp import audit
from dlp.errors import StateError
from dlp.state import ca
from dlp.state.agents import AgentRegistry
from dlp.state.secrets import SecretStore
from dlp.state.sqlite import SCHEMA


def check(state: Path) -> tuple[str, ...]:
    """
    Prove every part readable; return what a person should know of it nevertheless.

    Raises:
        StateError: a part is damaged, or of a newer version of this program.
        SecretError: the secret store is damaged.
    """
    if not (state / "keys").is_dir():
        raise StateError("the backup holds no state")
    for path in sorted(state.rglob("*.db")):
        _database(path)
    if (state / "agents.json").exists():
        AgentRegistry(state)
    if (state / "ca" / "authority.pem").exists():
        ca.open_authority(state)
    notes = []
    if (state / "keys" / "secrets").exists():
        SecretStore(state).entries()
    elif (state / "secrets").exists():
        notes.append("the key of the secret store is kept elsewhere, not in the backup")
    if (state / "audit" / "public.pem").exists():
        notes += [f"audit: {fault}" for fault in audit.verify(state / "audit").faults]
    return tuple(notes)


def _database(path: Path) -> None:
    try:
        with closing(sqlite3.connect(path)) as connection:
            (told,) = connection.execute("PRAGMA integrity_check").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        raise StateError(f"the database {path.name} is damaged: {error}") from error
    if told != "ok":
        raise StateError(f"the database {path.name} is damaged")
    if path.name == "store.db" and version > len(SCHEMA):
        raise StateError(
            f"the backup was made by a newer version of dlp (schema {version}, this "
            f"one knows {len(SCHEMA)}): run that one"
        )
