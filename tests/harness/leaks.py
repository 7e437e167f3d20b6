"""Searches what a process wrote for a secret, in the spellings a log could give it."""

import base64
import codecs
import gzip
import json
import urllib.parse
import zlib
from pathlib import Path


def spellings(secret: str) -> dict[str, bytes]:
    """Name and bytes of every spelling that counts as the secret."""
    raw = secret.encode()
    found = {
        "plain": raw,
        "lower case": secret.lower().encode(),
        "upper case": secret.upper().encode(),
        "reversed": raw[::-1],
        "rot13": codecs.encode(secret, "rot13").encode(),
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "hex with colons": raw.hex(":").encode(),
        "percent": "".join(f"%{byte:02x}" for byte in raw).encode(),
        "url quoted": urllib.parse.quote(secret, safe="").encode(),
        "JSON": json.dumps(secret)[1:-1].encode(),
        "repr": repr(secret)[1:-1].encode(),
        "repr of bytes": repr(raw)[2:-1].encode(),
        "UTF-16 LE": secret.encode("utf-16-le"),
        "UTF-16 BE": secret.encode("utf-16-be"),
        "base32": base64.b32encode(raw).rstrip(b"="),
        "base85": base64.b85encode(raw),
        "integers": ", ".join(map(str, raw)).encode(),
    }
    for offset in range(3):
        shifted = base64.b64encode(b"\0" * offset + raw)
        core = shifted[4 if offset else 0 : -4]
        found[f"base64 at {offset}"] = core
        found[f"base64url at {offset}"] = core.replace(b"+", b"-").replace(b"/", b"_")
    middle = secret[len(secret) // 4 : -len(secret) // 4 or None]
    if len(middle) >= 12:
        found["its middle half"] = middle.encode()
    return {name: form for name, form in found.items() if len(form) >= 8}


def leaks(secret: str, *places: Path | bytes | str) -> list[str]:
    """
    Where the secret stands: `PLACE: SPELLING` for each hit. Folders are searched in
    full; gzip and zlib content is searched unpacked, too.
    """
    forms = spellings(secret)
    return [
        f"{name}: {form}"
        for place in places
        for name, data in _contents(place)
        for blob in _unpacked(data)
        for form, text in forms.items()
        if text in blob
    ]


def _contents(place: Path | bytes | str) -> list[tuple[str, bytes]]:
    if isinstance(place, str):
        return [("text", place.encode())]
    if isinstance(place, bytes):
        return [("bytes", place)]
    files = [place] if place.is_file() else sorted(place.rglob("*"))
    return [(str(f), f.read_bytes()) for f in files if f.is_file()]


def _unpacked(data: bytes) -> list[bytes]:
    blobs = [data]
    for start in (b"\x1f\x8b", b"\x78\x9c", b"\x78\xda"):
        if data.startswith(start):
            try:
                blobs.append(
                    gzip.decompress(data)
                    if start == b"\x1f\x8b"
                    else zlib.decompress(data)
                )
            except (OSError, EOFError, zlib.error):
                continue
    return blobs
