"""
The machine as the checks see it: where to look, for whom, and what was seen there.

What costs something (rules, metrics, processes) is looked at once, when the first check
asks. Not slotted: `cached_property` needs a dictionary.
"""

from __future__ import annotations

import ctypes
import http.client
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePath
from urllib.parse import urlsplit

from prometheus_client.parser import text_string_to_metric_families

from dlp.cage.plan import secret_paths
from dlp.detect.known.fingerprint import SecretIndex
from dlp.detect.rules import Rule, load_rules
from dlp.doctor.access import READ, User, may
from dlp.doctor.network import Listener, listeners
from dlp.doctor.processes import Process, processes
from dlp.errors import RuleError
from dlp.inspector import Inspector, compile_sieves
from dlp.policy import Policy
from dlp.policy.compile import compile_policy, read_policy
from dlp.policy.schema import PolicyModel
from dlp.rulefile import Located
from dlp.state.agents import AgentRegistry
from dlp.state.agents import Registration as AgentEntry
from dlp.state.folder import usual_cache
from dlp.state.secrets import SecretStore

Address = tuple[str, int]
PATIENCE_S = 3.0
MOST_BYTES = 4 << 20
"""Of an answer or a file, beyond which it is not looked at."""


class CannotTellError(Exception):
    """A check could not be made; ``str()`` says why."""


@dataclass(frozen=True)
class Picture:
    """Where to look, and for whom."""

    state: Path
    agent: User
    """Who the agent runs as."""
    environment: Mapping[str, str]
    now: float
    """UTC epoch."""
    rules: Path | None = None
    """None means the built-in set."""
    work: Path = Path()
    """The agent's working folder."""
    root: Path = Path("/")
    """What `/proc`, `/etc`, `/run` and `/sys` stand below."""
    listen: Address = ("127.0.0.1", 8080)
    metrics: Address = ("127.0.0.1", 9464)
    console: Address = ("127.0.0.1", 8081)
    prometheus: str = "http://127.0.0.1:9090"
    caged: bool = False
    """Whether agents are started with `dlp run`."""
    probing: bool = False
    """Whether checks may connect to public addresses."""

    def text(self, name: str) -> str:
        """
        The text of a file below `root`.

        Raises:
            CannotTellError: it is not there, or may not be read.
        """
        try:
            return (self.root / name).read_text("utf-8", "replace")
        except OSError as error:
            raise CannotTellError(f"/{name}: {error.strerror}") from error

    def kept(self) -> Path:
        """
        The state folder.

        Raises:
            CannotTellError: there is none yet.
        """
        if not self.state.is_dir():
            raise CannotTellError(f"there is no state folder {self.state} yet")
        return self.state

    @cached_property
    def owner(self) -> int:
        """The user id that the state belongs to: who the proxy runs as."""
        return self.kept().stat().st_uid

    def only_owner(self) -> None:
        """
        For what would leave files of another user in the state.

        Raises:
            CannotTellError: we are another user.
        """
        if self.owner != os.geteuid():
            raise CannotTellError(f"only user {self.owner}, who owns the state, can")

    @property
    def shared(self) -> bool:
        """Whether an agent that no cage holds runs as the user of the proxy."""
        return not self.caged and self.agent.uid in {0, self.owner}

    @cached_property
    def hidden(self) -> frozenset[Path]:
        """What `dlp run` keeps out of sight, as far as agents are started with it."""
        if not self.caged:
            return frozenset()
        home = str(self.agent.home)
        named = [re.sub("^~(?=/|$)", home, text) for text in self.policy.cage.hide]
        paths = secret_paths(self.agent.home, self.state, named)
        return frozenset(path.resolve() for path in paths)

    def found(self, folder: Path, glob: str) -> list[Path]:
        """
        The paths below `folder`; `Path.glob` alone passes by what we may not list.

        Raises:
            CannotTellError: a folder on the way is closed to us.
        """
        here = folder
        for part in ("", *PurePath(glob).parts[:-1]):
            here /= part
            if "*" in part:
                break
            if not here.is_dir():
                return []
            if not os.access(here, os.R_OK | os.X_OK):
                raise CannotTellError(f"we may not look into {here}")
        return sorted(folder.glob(glob))

    def within_reach(self, path: Path) -> bool:
        """Whether the agent can read a file that is there."""
        if not path.is_file() or not may(self.agent, path, READ):
            return False
        real = path.resolve()
        return self.hidden.isdisjoint((real, *real.parents))

    @cached_property
    def located(self) -> Located[PolicyModel]:
        """The policy as written."""
        try:
            return read_policy(self.rules)
        except RuleError as error:
            raise CannotTellError("the policy does not load") from error

    @cached_property
    def policy(self) -> Policy:
        """The policy as it is asked."""
        try:
            return compile_policy(self.located)
        except RuleError as error:
            raise CannotTellError("the policy does not load") from error

    @cached_property
    def secrets(self) -> SecretIndex:
        """The registered secrets; none where nothing was ever registered."""
        if not (self.state / "secrets").exists():
            return SecretIndex.empty()
        return SecretStore(self.state).index()

    @cached_property
    def agents(self) -> tuple[AgentEntry, ...]:
        """The registered agents. Asked without its key, the registry would make one."""
        if not (self.state / "agents.json").exists():
            return ()
        if not (self.state / "keys" / "agents").exists():
            raise CannotTellError("the key of the agents' register is missing")
        return AgentRegistry(self.state).registered()

    @cached_property
    def inspector(self) -> Inspector:
        """What reads the files and variables that are looked at."""
        parts = self.policy, self.detectors, self.secrets
        compile_sieves(self.cache)
        return Inspector.build(*parts, cache=self.cache)

    @cached_property
    def cache(self) -> Path | None:
        """Where compiled rules are kept. A proxy reads none that another user wrote."""
        if not self.state.is_dir():
            return usual_cache()
        return self.state / "cache" if self.owner == os.geteuid() else None

    @cached_property
    def detectors(self) -> tuple[Rule, ...]:
        """The detector rules."""
        try:
            return load_rules(self.rules, cache=self.cache)
        except RuleError as error:
            raise CannotTellError("the detector rules do not load") from error

    @cached_property
    def listeners(self) -> tuple[Listener, ...]:
        """Every TCP port that somebody listens on."""
        return listeners(self.text("proc/net/tcp"), self._v6())

    def _v6(self) -> str:
        path = self.root / "proc/net/tcp6"
        return path.read_text() if path.exists() else ""

    @cached_property
    def processes(self) -> tuple[Process, ...]:
        """Every process that may be looked at."""
        return processes(self.root / "proc")

    @cached_property
    def proxies(self) -> tuple[Process, ...]:
        """
        The processes of the proxy that runs with this state.

        Raises:
            CannotTellError: none is to be seen.
        """
        settings = json.dumps({"state": str(self.state)})[1:-1]
        found = tuple(
            one
            for one in self.processes
            if "addons.serve" in one.command
            and any(settings in word for word in one.command)
        )
        if not found:
            raise CannotTellError("no process of the proxy is to be seen")
        return found

    @cached_property
    def kernel_clock(self) -> int:
        """What adjtimex(2) returns, or -1 where there is no such call."""
        try:
            return int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512)))
        except (OSError, AttributeError):
            return -1

    @cached_property
    def numbers(self) -> dict[tuple[str, tuple[str, ...]], float]:
        """The metrics page: name and label values to number."""
        status, body = self.ask(f"http://{_authority(self.metrics)}/metrics")
        if status != http.HTTPStatus.OK:
            raise CannotTellError(f"the metrics address answers {status}")
        try:
            return {
                (sample.name, tuple(sample.labels.values())): sample.value
                for family in text_string_to_metric_families(body.decode())
                for sample in family.samples
            }
        except ValueError as error:
            raise CannotTellError("the metrics page cannot be read") from error

    def number(self, name: str, *labels: str) -> float:
        """
        One number of the metrics page.

        Raises:
            CannotTellError: it is not told.
        """
        try:
            return self.numbers[name, labels]
        except KeyError:
            raise CannotTellError(f"the proxy tells no {name}") from None

    def children(self, name: str) -> dict[tuple[str, ...], float]:
        """The numbers of a metric by label values; empty while there are none."""
        numbers = self.numbers.items()
        return {labels: value for (one, labels), value in numbers if one == name}

    def health(self) -> tuple[int, bytes]:
        """Status and body of `/healthz`."""
        return self.ask(f"http://{_authority(self.metrics)}/healthz")

    def ask(self, url: str, through: Address | None = None) -> tuple[int, bytes]:
        """
        GET an http URL, `through` a proxy if one is named; status and body.

        Raises:
            CannotTellError: nobody answers there in time.
        """
        parts = urlsplit(url)
        host, port = through or (parts.hostname or "", parts.port or 80)
        target = url if through else parts._replace(scheme="", netloc="").geturl()
        connection = http.client.HTTPConnection(host, port, timeout=PATIENCE_S)
        try:
            headers = {"Host": parts.netloc.rpartition("@")[2]}
            connection.request("GET", target, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read(MOST_BYTES)
        except (OSError, http.client.HTTPException) as error:
            where = _authority((host, port))
            raise CannotTellError(f"nobody answers at {where}") from error
        finally:
            connection.close()


def _authority(address: Address) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
