"""The files of `dlp deploy`: what the tools that read them say, and what they promise."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from dlp import deploy
from dlp.errors import UsageError

UNITS = [
    "agent-dlp.service",
    "agent-dlp-door@.service",
    "agent-dlp-agent@.service",
    "agent-dlp-ship.service",
    "agent-dlp-backup.service",
]
HADOLINT = shutil.which("hadolint", path=str(Path(sys.executable).parent))


def needs(tool):
    return pytest.mark.skipif(not shutil.which(tool), reason=f"{tool} is missing")


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folders = {}
    for form in deploy.FORMS:
        folders[form] = tmp_path_factory.mktemp("deploy") / form
        deploy.write(form, folders[form])
    return folders


@pytest.fixture(scope="module")
def compose(written):
    return YAML(typ="safe").load(written["compose"] / "compose.yaml")


def test_every_unit_is_looked_at(written):
    assert {path.name for path in written["systemd"].glob("*.service")} == set(UNITS)


def unit(folder, name):
    """The settings of a unit: each name with all its values."""
    settings = {}
    for line in (folder / name).read_text().splitlines():
        if line[:1] not in {"", "#", "["}:
            key, _, value = line.partition("=")
            settings.setdefault(key, []).append(value)
    return settings


@needs("systemd-analyze")
@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_exposed_less_than_three(written, name):
    path = written["systemd"] / name
    run("systemd-analyze", "security", "--offline=true", "--threshold=30", path)


@needs("systemd-analyze")
@pytest.mark.parametrize(
    "name",
    ["agent-dlp.service", "agent-dlp-door@a.socket", "agent-dlp-door@a.service",
     "agent-dlp-agent@a.service", "agent-dlp-ship.service", "agent-dlp-backup.timer",
     "agent-dlp-backup.service"],
)  # fmt: skip
def test_systemd_has_nothing_to_say_about_a_unit(written, tmp_path, name):
    for path in written["systemd"].glob("agent-dlp*.*"):
        text = path.read_text().replace("/opt/agent-dlp/bin/dlp", "/bin/true")
        (tmp_path / path.name).write_text(text)
    assert run("systemd-analyze", "verify", "--man=no", tmp_path / name) == ""


@pytest.mark.skipif(HADOLINT is None, reason="hadolint is missing")
def test_hadolint_has_nothing_to_say_about_the_container_file(written):
    assert run(HADOLINT, written["container"] / "Containerfile") == ""


@needs("promtool")
def test_prometheus_takes_its_configuration(written):
    run("promtool", "check", "config", written["compose"] / "prometheus.yml")


@needs("amtool")
def test_alertmanager_takes_its_configuration(written):
    run("amtool", "check-config", written["compose"] / "alertmanager.yml")


def test_the_agents_unit_has_no_network_but_the_door(written):
    agent = unit(written["systemd"], "agent-dlp-agent@.service")
    door = unit(written["systemd"], "agent-dlp-door@.socket")
    assert agent["PrivateNetwork"] == door["PrivateNetwork"] == ["yes"]
    assert door["JoinsNamespaceOf"] == ["agent-dlp-agent@%i.service"]
    assert agent["JoinsNamespaceOf"] == ["agent-dlp-door@%i.socket"]
    assert door["ListenStream"] == ["127.0.0.1:8080"]
    assert "agent-dlp-door@%i.socket" in agent["Requires"][0]
    # Sockets in the file system are no way out: none can be opened.
    assert agent["RestrictAddressFamilies"] == ["AF_INET AF_INET6"]
    assert agent["CapabilityBoundingSet"] == [""]


def test_the_agents_unit_sees_neither_state_nor_rules(written):
    agent = unit(written["systemd"], "agent-dlp-agent@.service")
    proxy = unit(written["systemd"], "agent-dlp.service")
    hidden = " ".join(agent["InaccessiblePaths"]).split()
    assert {"-/etc/agent-dlp", "-/var/lib/agent-dlp"} <= set(hidden)
    assert agent["DynamicUser"] == ["yes"]
    assert agent["ProtectSystem"] == ["strict"]
    assert proxy["StateDirectoryMode"] == ["0700"]
    assert proxy["User"] == ["agent-dlp"]
    command = proxy["ExecStart"][0].split()
    assert command[command.index("--state") + 1].startswith("/var/lib/agent-dlp/")
    assert command[command.index("--rules") + 1].startswith("/etc/agent-dlp/")


def test_an_agents_container_has_no_network_but_the_proxys(compose):
    agent = compose["services"]["agent"]
    assert agent["networks"] == ["agents"]
    assert "network_mode" not in agent
    assert compose["networks"]["agents"]["internal"] is True
    options = compose["networks"]["agents"]["driver_opts"]
    assert options["com.docker.network.bridge.gateway_mode_ipv4"] == "isolated"
    there = [
        name
        for name, service in compose["services"].items()
        if "agents" in service.get("networks", ())
    ]
    assert there == ["proxy", "agent"]
    # What is watched is told where no agent is.
    proxy = compose["services"]["proxy"]
    listens, tells = (
        proxy["networks"][name]["ipv4_address"] for name in ("agents", "watch")
    )
    assert f"--listen {listens}:8080" in proxy["command"]
    assert f"--metrics {tells}:9464" in proxy["command"]
    assert "ports" not in proxy


def test_an_agents_container_has_neither_state_nor_rules(compose):
    mounts = compose["services"]["agent"]["volumes"]
    assert {mount.split(":")[0] for mount in mounts} == {"trust", "work"}
    assert "trust:/trust:ro" in mounts
    readers = [
        name
        for name, service in compose["services"].items()
        if any(str(mount).startswith("state:") for mount in service.get("volumes", ()))
    ]
    assert readers == ["proxy", "tool"]
    for name in readers:
        assert "./rules:/etc/agent-dlp/rules:ro" in compose["services"][name]["volumes"]


def test_every_container_is_locked_down(compose):
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name


def test_ports_are_for_this_machine_alone(compose):
    ports = [
        port
        for service in compose["services"].values()
        for port in service.get("ports", ())
    ]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_file_that_compose_mounts_is_written(written, compose):
    made_by_hand = {"./grafana.password", "./agent.env"}
    named = {
        str(mount).split(":")[0]
        for service in compose["services"].values()
        for mount in service.get("volumes", ())
        if str(mount).startswith("./")
    }
    assert named
    assert [
        name for name in named - made_by_hand
        if not (written["compose"] / name).exists()
    ] == []  # fmt: skip
    assert len(list((written["compose"] / "grafana/dashboards").glob("*.json"))) >= 4


def test_the_dashboards_are_where_grafana_looks(written, compose):
    provider = YAML(typ="safe").load(
        written["compose"] / "grafana/providers/agent-dlp.yaml"
    )
    folder = provider["providers"][0]["options"]["path"]
    mounts = compose["services"]["grafana"]["volumes"]
    assert f"./grafana/dashboards:{folder}:ro" in mounts


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "policy.yaml").write_text("mine")
    with pytest.raises(UsageError, match=r"rules/policy\.yaml"):
        deploy.write("systemd", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["rules"]
    assert (tmp_path / "rules" / "policy.yaml").read_text() == "mine"


def test_an_unknown_form_is_told():
    with pytest.raises(UsageError, match="systemd, container, compose"):
        deploy.files("swarm")


def test_the_wheel_has_the_files():
    """Building one takes seconds: what the build file says stands for it."""
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text()
    for folder in {
        source.split("/")[0] for rows in deploy.FORMS.values() for _, source in rows
    }:
        assert f'"{folder}" = "dlp/builtin/{folder}"' in text
