"""The filter, read as the kernel reads it, and then by the kernel."""

import os
import struct
import subprocess
import sys

import pytest

from dlp.cage.confine import FAMILIES, MACHINES, program

ALLOW, ENOSYS, EPERM, EAFNOSUPPORT = 0x7FFF0000, 38, 1, 97


def verdict(machine, number, *words, audit=None):
    """What the filter returns: linux/filter.h, for the few instructions in it."""
    fields = [word & 0xFFFFFFFFFFFFFFFF for word in (*words, 0, 0, 0, 0, 0, 0)][:6]
    data = struct.pack("=IIQ6Q", number, audit or machine.audit, 0, *fields)
    steps = list(struct.iter_unpack("=HBBI", program(machine)))
    at, loaded = 0, 0
    while True:
        code, true, false, value = steps[at]
        at += 1
        if code == 0x20:
            loaded = struct.unpack_from("=I", data, value)[0]
        elif code == 0x06:
            return value
        elif code == 0x15:
            at += true if loaded == value else false
        elif code == 0x35:
            at += true if loaded >= value else false


def error(code):
    return 0x00050000 | code


@pytest.fixture(params=sorted(MACHINES))
def machine(request):
    return MACHINES[request.param]


def test_families_are_a_list_of_what_may_be(machine):
    allowed = {f for f in range(64) if verdict(machine, machine.socket, f) == ALLOW}
    assert allowed == set(FAMILIES)
    assert verdict(machine, machine.socket, 40) == error(EAFNOSUPPORT)


def test_the_high_half_of_an_argument_changes_nothing(machine):
    assert verdict(machine, machine.socket, 40 | 1 << 40) == error(EAFNOSUPPORT)
    assert verdict(machine, machine.ioctl, 0, 0x5412 | 1 << 32) == error(EPERM)


def test_typing_into_the_terminal_is_refused_and_other_ioctls_pass(machine):
    assert verdict(machine, machine.ioctl, 0, 0x5412) == error(EPERM)
    assert verdict(machine, machine.ioctl, 0, 0x541C) == error(EPERM)
    assert verdict(machine, machine.ioctl, 0, 0x5413) == ALLOW


def test_key_rings_and_what_goes_round_the_filter_are_refused(machine):
    for number in (machine.keyctl, *machine.refused):
        assert verdict(machine, number) == error(EPERM)
    for number in (425, 426, 427):
        assert verdict(machine, number) == error(ENOSYS)


def test_another_architectures_numbers_do_not_pass(machine):
    assert verdict(machine, 1, audit=0x40000003) == error(ENOSYS)
    assert verdict(machine, machine.socket | 0x40000000, 40) == error(ENOSYS)


def test_other_calls_pass(machine):
    named = {machine.keyctl, *machine.refused, machine.socket, machine.ioctl}
    for number in set(range(450)) - named - {425, 426, 427}:
        assert verdict(machine, number) == ALLOW


SCRIPT = """
import os, socket
from dlp.cage.confine import confine
confine()
os.execlp("python3", "python3", "-c", '''
import socket
for family, kind in ((40, 1), (17, 3), (2, 1), (1, 1)):
    try:
        socket.socket(family, kind)
        print("made")
    except OSError as error:
        print(error.errno)
lines = open("/proc/self/status").read().splitlines()
print([l for l in lines if l.split(":")[0] in {"CapEff", "NoNewPrivs", "Seccomp"}])
''')
"""


@pytest.mark.skipif(os.uname().machine not in MACHINES, reason="no filter for it")
def test_what_a_confined_program_starts_is_confined_also_as_root():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert lines[:4] == ["97", "97", "made", "made"]
    assert lines[4].split("'")[1::2] == [
        f"CapEff:\\t{0:016x}",
        "NoNewPrivs:\\t1",
        "Seccomp:\\t2",
    ]
