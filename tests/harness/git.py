"""git's own smart HTTP server (git-http-backend(1)) behind an origin."""

import os
import subprocess
from pathlib import Path

from tests.harness.origin import Reply, Request


def bare(folder: Path) -> Path:
    """An empty repository that takes pushes."""
    subprocess.run(["git", "init", "-q", "--bare", folder], check=True)
    words = ["git", "-C", folder, "config", "http.receivepack", "true"]
    subprocess.run(words, check=True)
    return folder


def answer(request: Request, root: Path) -> Reply:
    """What git says to a request for a repository in `root`."""
    path, _, query = request.target.partition("?")
    environment = os.environ | {
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REQUEST_METHOD": request.method,
        "CONTENT_TYPE": request.header("content-type") or "",
        "CONTENT_LENGTH": str(len(request.body)),
        "HTTP_CONTENT_ENCODING": request.header("content-encoding") or "",
        "GIT_PROTOCOL": request.header("git-protocol") or "",
        "REMOTE_USER": "tester",
    }
    out = subprocess.run(
        ["git", "http-backend"],
        input=request.body,
        env=environment,
        capture_output=True,
        check=True,
    ).stdout
    head, _, body = out.partition(b"\r\n\r\n")
    headers, status = [], 200
    for line in head.decode().split("\r\n"):
        name, _, value = line.partition(": ")
        if name.lower() == "status":
            status = int(value.split()[0])
        else:
            headers.append((name.lower(), value))
    headers.append(("content-length", str(len(body))))
    return Reply(status, tuple(headers), (body,))
