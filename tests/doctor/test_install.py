import tomllib
from pathlib import Path

import pytest

from addons.assess import missing
from dlp.doctor.install import MITMPROXY, wrong_version

ROOT = Path(__file__).parents[2]


def test_the_range_is_that_of_the_package():
    needs = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    first, after = (".".join(map(str, numbers)) for numbers in MITMPROXY)
    assert f"mitmproxy>={first},<{after}" in needs["dependencies"]


@pytest.mark.parametrize(
    ("version", "wrong"),
    [
        ("12.2.3", False),
        ("12.2.10", False),
        ("12.9", False),
        ("12.2.2", True),
        ("11.1.3", True),
        ("13.0.0", True),
    ],
)
def test_a_version_nobody_proved_is_seen(version, wrong):
    assert bool(list(wrong_version(version))) is wrong


def test_the_installed_version_is_looked_at(seen):
    assert seen("mitmproxy-version") == ()


def test_the_options_that_guards_rest_on_are_known(seen):
    assert seen("mitmproxy-options") == ()


def test_an_option_that_mitmproxy_lost_is_named():
    assert missing(["rawtcp", "no_such_option"]) == ["no_such_option"]


def test_code_of_a_shared_user_is_seen_outside_of_a_cage(seen, ourselves):
    assert seen("code-writable", agent=ourselves)
    assert seen("code-writable", caged=True) == seen("code-writable")


def test_a_folder_of_path_that_others_may_write_is_seen(place, seen, skipped):
    assert "not set" in skipped("path-writable")
    tools = place / "tools"
    tools.mkdir(mode=0o755)
    environment = {"PATH": f"{tools}:/nowhere"}
    assert seen("path-writable", environment=environment) == ()
    tools.chmod(0o777)
    assert str(tools) in seen("path-writable", environment=environment)[0]


@pytest.mark.parametrize("name", [".", "", "bin"])
def test_a_folder_of_path_that_depends_on_where_one_is_is_seen(place, seen, name):
    told = seen("path-writable", environment={"PATH": f"{place}:{name}"})
    assert "PATH holds" in told[0]
