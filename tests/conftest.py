"""
Properties are the same on every run and every machine; `make fuzz` looks further. And
what takes long to compile is compiled once in a run, not by each test that loads rules.
"""

import os
import sys

import hyperscan as hs
import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from dlp import kept, patterns
from dlp.patterns import Patterns

settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("repeatable")


# Where an environment forbids to keep compiled modules, as images of containers do, each
# of some hundred processes would compile what it imports: 4 s for a proxy.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


FEW = 3
"""Patterns that are compiled in the time it takes to read them."""


E2E = "tests/e2e/"


class Scheduling(LoadScopeScheduling):
    """
    Each end-to-end module in one process, so that its proxy is started once. Of others
    each function: that is little enough for all processes to end together.
    """

    def _split_scope(self, nodeid):
        return nodeid.partition("::" if nodeid.startswith(E2E) else "[")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """One more than cores: a fifth of the time all wait for deadlines of a proxy."""
    return (os.process_cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """`--dist loadgroup` of xdist 3.8 groups nothing under pytest 9.2."""
    config.option.loadscopereorder = False
    return Scheduling(config, log)


def pytest_collection_modifyitems(items) -> None:
    """What takes long to begin with."""
    items.sort(key=lambda item: not item.nodeid.startswith(E2E))


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory, request):
    """A folder that all processes of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if hasattr(request.config, "workerinput") else base


@pytest.fixture(scope="session")
def compiled(run_folder):
    """What this run compiled, kept as in `STATE/cache`, for all its processes."""
    folder = run_folder / "compiled"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@pytest.fixture(scope="session", autouse=True)
def compiled_once(compiled):
    """Hyperscan's compiler is asked for each set of patterns once: all take 20 s."""
    patterns._platform()  # asks it as well
    compile_ = patterns._compiled

    def remembered(*what):
        if len(what[0]) <= FEW:
            return compile_(*what)
        name = Patterns(*what)._name()
        stored = kept.read(compiled, name)
        if stored is not None:
            return hs.loadb(stored, mode=hs.HS_MODE_BLOCK)
        made = compile_(*what)
        kept.write(compiled, name, hs.dumpb(made))
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patterns, "_compiled", remembered)
        yield
