"""Who agents run as, from the user and group databases."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from dlp.doctor.access import User
from dlp.errors import UsageError


def agent_user(name: str | None) -> User:
    """
    The user `name`; without one whoever called us, behind `sudo` too.

    Raises:
        UsageError: there is no such user.
    """
    uid = os.environ.get("SUDO_UID", "")
    try:
        if name is not None:
            entry = pwd.getpwnam(name)
        elif os.geteuid() == 0 and uid.isdecimal():
            entry = pwd.getpwuid(int(uid))
        else:
            entry = pwd.getpwuid(os.geteuid())
    except KeyError:
        if name is None:  # a container's user without an entry
            groups = frozenset([*os.getgroups(), os.getegid()])
            return User(str(os.geteuid()), os.geteuid(), groups, Path.home())
        raise UsageError(f"there is no user {name[:64]!a}") from None
    groups = frozenset(os.getgrouplist(entry.pw_name, entry.pw_gid))
    home = Path(entry.pw_dir)
    if entry.pw_uid == os.geteuid():
        home = Path.home()
    return User(entry.pw_name, entry.pw_uid, groups, home)
