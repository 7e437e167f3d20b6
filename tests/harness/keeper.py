"""
The first process on an island: makes it, gives up what it needed for that, serves it.

Run as a program by `tests.harness.island`. One JSON line in is a command to run, one
line out is what came of it; the end of the input ends everything.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from dlp.cage import kernel
from dlp.cage.redirect import open_loopback
from dlp.cage.relay import dial_unix, serve_tcp

USER = 54321
"""Who we are on the island when root made it; no user of any machine."""


def enter(spec):
    root = os.geteuid() == 0
    here = os.CLONE_NEWNET | os.CLONE_NEWNS
    user, group = os.geteuid(), os.getegid()
    os.unshare(here if root else here | os.CLONE_NEWUSER)
    if not root:
        write_maps(0, user, 0, group)
    open_loopback()
    kernel.set_tree("/", 0, kernel.PRIVATE)
    for source, target in spec["files"].items():
        tree = kernel.clone_tree(source)
        kernel.attach_tree(tree, os.path.realpath(target))
    if root:
        for blocked, needed in spec["blocked"].items():
            trees = {path: kernel.clone_tree(path) for path in needed}
            kernel.mount_new("tmpfs", blocked, "mode=0755")
            for path, tree in trees.items():
                Path(path).mkdir(parents=True, exist_ok=True)
                kernel.attach_tree(tree, path)
        os.setgroups([])
        os.setresgid(USER, USER, USER)
        os.setresuid(USER, USER, USER)
    else:
        os.unshare(os.CLONE_NEWUSER)
        write_maps(user, 0, group, 0)


def write_maps(user, outer_user, group, outer_group):
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {outer_user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {outer_group} 1")


async def serve(spec):
    for port, path in spec["ports"].items():
        dial = dial_unix(Path(path))
        await serve_tcp(int(port), lambda _, dial=dial: dial)
    reader = asyncio.StreamReader(limit=1 << 24)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    print("{}", flush=True)
    while line := await reader.readline():
        print(json.dumps(await run(json.loads(line))), flush=True)


async def run(wish):
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(
        *wish["words"],
        env=wish["environment"],
        cwd=wish["folder"],
        stdin=asyncio.subprocess.DEVNULL,
        stdout=pipe,
        stderr=None if wish["until"] else pipe,
        preexec_fn=lambda: kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL),
    )
    if wish["until"]:
        while line := await child.stdout.readline():
            if line.decode().strip() == wish["until"]:
                return {"code": None, "out": "", "err": ""}
        return {"code": await child.wait(), "out": "", "err": ""}
    try:
        out, err = await asyncio.wait_for(child.communicate(), wish["seconds"])
    except TimeoutError:
        child.kill()
        out, err = b"", b"it took too long"
    reply = {"code": child.returncode, "out": out, "err": err}
    return {
        k: v.decode(errors="replace") if k != "code" else v for k, v in reply.items()
    }


if __name__ == "__main__":
    wanted = json.loads(sys.argv[1])
    enter(wanted)
    asyncio.run(serve(wanted))
