"""
Properties are the same on every run and every machine; `make fuzz` looks further. And
what takes long to compile is compiled once in a run, not by each test that loads rules.
"""

from hashlib import sha256

import hyperscan as hs
import pytest
from hypothesis import HealthCheck, settings

from dlp import patterns

settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("repeatable")


MANY = 50
"""Patterns that take longer to compile than to read."""


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory, request):
    """A folder that all processes of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if hasattr(request.config, "workerinput") else base


@pytest.fixture(scope="session", autouse=True)
def compiled_once(run_folder):
    """Hyperscan's compiler is asked for each set of patterns once: all take 20 s."""
    shared = run_folder / "compiled-patterns"
    shared.mkdir(exist_ok=True)
    compile_ = patterns._compiled

    def remembered(*what):
        if len(what[0]) < MANY:
            return compile_(*what)
        path = shared / sha256(repr(what).encode()).hexdigest()
        if path.exists():
            return hs.loadb(path.read_bytes(), mode=hs.HS_MODE_BLOCK)
        made = compile_(*what)
        new = path.with_suffix(f".{id(made)}")
        new.write_bytes(hs.dumpb(made))
        new.replace(path)
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patterns, "_compiled", remembered)
        yield
