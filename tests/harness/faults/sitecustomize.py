"""
Faults for the real `dlp up`: Python imports this file when it stands on PYTHONPATH.

Each row of `POINTS` is a function that fails while a file of its name lies in the
folder FAULTS_FOLDER: with `die` in it the process ends at once, with a number it waits
that many seconds, else it raises an exception that no code expects.
"""

import importlib.abc
import importlib.machinery
import os
import sys
import time
from pathlib import Path

POINTS = {
    "detector": ("dlp.inspector", "Inspector", "examine"),
    "decision": ("dlp.inspector", "Inspector", "conclude"),
    "policy": ("dlp.policy", "Policy", "reach"),
    "policy-connect": ("dlp.policy", "Policy", "reach_host"),
    "identity": ("dlp.state.agents", "AgentRegistry", "authenticate"),
    "audit": ("dlp.audit.log", "AuditLog", "append"),
    "metrics": ("dlp.metrics", "Metrics", "observe"),
    "record": ("dlp.gate.recorder", None, "make_record"),
    "message": ("addons.egress", None, "to_message"),
    "guards": ("addons.egress", None, "check_request"),
    "connect": ("addons.tunnels", "Tunnels", "http_connect"),
    "hello": ("addons.transport", "Transport", "tls_clienthello"),
    "upstream": ("addons.transport", "Transport", "server_connect"),
    "upstream-tls": ("addons.transport", "Transport", "tls_start_server"),
    "certificate": ("addons.certificates", "Certificates", "get_cert"),
    "layer": ("addons.protocol", "Protocol", "next_layer"),
    "websocket": ("addons.streams", "Streams", "websocket_message"),
}
FOLDER = Path(os.environ.get("FAULTS_FOLDER", "/nonexistent"))


class Fault(Exception):
    """What no code expects."""


def failing(name: str, function):
    def called(*args, **options):
        try:
            how = (FOLDER / name).read_text()
        except OSError:
            return function(*args, **options)
        if how == "die":
            os._exit(9)
        if how:
            time.sleep(float(how))
            return function(*args, **options)
        raise Fault(f"the text of {args!r} must not be written anywhere")

    return called


def patch(module) -> None:
    for name, (where, owner, attribute) in POINTS.items():
        if where == module.__name__:
            holder = getattr(module, owner) if owner else module
            function = getattr(holder, attribute)
            setattr(holder, attribute, failing(name, function))


class Finder(importlib.abc.MetaPathFinder):
    """Lets a module load as ever and patches it afterwards."""

    def find_spec(self, fullname, path=None, target=None):
        if all(where != fullname for where, _, _ in POINTS.values()):
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec is None:
            for finder in sys.meta_path:
                if finder is not self and (
                    spec := finder.find_spec(fullname, path, target)
                ):
                    break
        assert spec is not None
        assert spec.loader is not None
        execute = spec.loader.exec_module

        def exec_module(module) -> None:
            execute(module)
            patch(module)

        spec.loader.exec_module = exec_module
        return spec


if FOLDER.is_dir():
    sys.meta_path.insert(0, Finder())
