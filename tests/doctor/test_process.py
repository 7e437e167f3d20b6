import json

import pytest

from dlp.deploy import files

SHIPPED = next(f.text for f in files("systemd") if f.name == "agent-dlp.service")
GOOD = {
    "Uid": "990\t990\t990\t990",
    "CapEff": "0000000000000000",
    "NoNewPrivs": "1",
    "Seccomp": "2",
}
LIMITS = (
    "Limit                     Soft Limit           Hard Limit           Units     \n"
    "Max core file size        {core:<20} unlimited            bytes     \n"
    "Max open files            {files:<20} 524288               files     \n"
)


@pytest.fixture
def proxy(write, state):
    """Lay out a process of the proxy; keywords replace what it is."""

    def lay(core="0", most="65536", at=None, **status):
        settings = json.dumps({"rules": None, "state": str(at or state), "workers": 1})
        words = ["/usr/bin/python", "-P", "-m", "addons.serve", settings]
        write("proc/77/cmdline", "\0".join(words) + "\0")
        lines = {"Name": "python", **GOOD, **status}
        text = "".join(f"{name}:\t{value}\n" for name, value in lines.items())
        write("proc/77/status", text)
        write("proc/77/limits", LIMITS.format(core=core, files=most))

    return lay


@pytest.mark.parametrize(
    ("check", "bad"),
    [
        ("proxy-root", {"Uid": "0\t0\t0\t0"}),
        ("core-dumps", {"core": "unlimited"}),
        ("core-dumps", {"core": "1048576"}),
        ("open-files", {"most": "1024"}),
        ("capabilities", {"CapEff": "00000000a80425fb"}),
        ("no-new-privileges", {"NoNewPrivs": "0"}),
        ("system-calls", {"Seccomp": "0"}),
    ],
)
def test_a_process_that_could_do_harm_is_seen(proxy, seen, skipped, check, bad):
    assert "no process" in skipped(check)
    proxy()
    assert seen(check) == ()
    proxy(**bad)
    assert "process 77" in seen(check)[0]


def test_the_proxy_of_another_state_is_none_of_ours(proxy, skipped):
    proxy(at="/elsewhere")
    assert "no process" in skipped("proxy-root")


def test_memory_without_a_bound_is_seen(proxy, write, seen, skipped):
    proxy()
    write("proc/77/cgroup", "0::/system.slice/agent-dlp.service\n")
    assert "memory.max" in skipped("memory-bound")
    group = "sys/fs/cgroup/system.slice"
    write(f"{group}/agent-dlp.service/memory.max", "max\n")
    assert seen("memory-bound") == ("process 77 may take all memory",)
    write(f"{group}/memory.max", "2147483648\n")
    assert seen("memory-bound") == ()


def test_a_unit_that_confines_less_than_ours_is_seen(write, seen, skipped):
    write("etc/systemd/system/other.service", "[Service]\nExecStart=/bin/true\n")
    assert "no systemd unit" in skipped("systemd-unit")
    name = "etc/systemd/system/proxy.service"
    write(name, SHIPPED)
    assert seen("systemd-unit") == ()
    write(name, SHIPPED.replace("NoNewPrivileges=yes\n", ""))
    assert "lacks NoNewPrivileges" in seen("systemd-unit")[0]
    write(f"{name}.d/more.conf", "[Service]\nNoNewPrivileges=yes\n")
    assert seen("systemd-unit") == ()
    write(name, "[Service]\nExecStart=/usr/bin/env dlp up\n")
    assert "ProtectClock" in seen("systemd-unit")[0]
