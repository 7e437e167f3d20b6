"""`dlp ca`: the certificate authority that clients of the proxy trust."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated

import typer

from dlp import audit
from dlp.cage.environment import share_trust
from dlp.errors import UsageError
from dlp.state import ca
from dlp.state.folder import open_folder

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="The CA that clients of the proxy trust.",
)

State = Annotated[Path | None, typer.Option(help="State folder.  [default: per user]")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable.")]


@app.command()
def show(state: State = None, json: Json = False) -> None:
    """Where the certificate is, its fingerprint, and until when it is valid."""
    folder = open_folder(state, reads=True)
    authority = ca.open_authority(folder)
    facts = {
        "path": str(ca.certificate_path(folder)),
        "sha256": authority.fingerprint,
        "valid_until": authority.certificate.not_valid_after_utc.isoformat(),
    }
    if json:
        typer.echo(jsonlib.dumps(facts))
        return
    for name, value in facts.items():
        typer.echo(f"{name:12} {value}")


@app.command()
def export(
    state: State = None,
    output: Annotated[
        Path | None, typer.Option(help="File to write.  [default: standard output]")
    ] = None,
) -> None:
    """The certificate as PEM. The key never leaves the state folder."""
    pem = ca.open_authority(open_folder(state)).pem
    if output is None:
        typer.echo(pem.decode(), nl=False)
        return
    try:
        output.write_bytes(pem)
    except OSError as error:
        raise UsageError(f"cannot write {output}: {error.strerror}") from error


@app.command()
def trust(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write.")],
    state: State = None,
) -> None:
    """
    Write what clients need that may not read the state folder: the certificate, a
    bundle with the system's roots, Java's trust store and Node's shim; no key.
    """
    share_trust(open_folder(state), folder.absolute())
    typer.echo(f"dlp env --trust {folder} prints the variables", err=True)


@app.command()
def rotate(state: State = None) -> None:
    """
    Replace the CA. A running proxy takes it over on SIGHUP; every client must then
    trust the new certificate.
    """
    folder = open_folder(state, reads=True)
    authority = ca.rotate(folder)
    audit.note(folder, "ca.rotate", "ca", f"sha256 {authority.fingerprint}")
    typer.echo(f"new CA {authority.fingerprint}")
    typer.echo("send SIGHUP to a running proxy; install the new certificate in clients")
