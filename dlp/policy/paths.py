"""
Path globs of statements: `*` is one segment or a part of one, `**` any number of them.

They match the decoded, dot-normalised path. `/a/**` is `/a` and all below; a slash at
the end makes no difference. A `deny` or `approve` ignores the case of ASCII letters,
because some servers do. The regex of a glob never backtracks over more than one star:
every star but the last takes its earliest match atomically, which for globs is enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from dlp.policy.names import normal_path
from dlp.rulefile import Wrong

ANY = "/**"


def path_glob(text: str) -> str:
    """
    One entry of `paths`, checked.

    Raises:
        Wrong: no path in normal form could match it as it was meant.
    """
    if not text.startswith("/"):
        raise Wrong(f"`{text}` does not begin with `/`", f"write `/{text}`")
    if "?" in text or "#" in text:
        kept = re.split(r"[?#]", text)[0]
        raise Wrong(f"`{text}` has a query or fragment", f"write `{kept}`")
    normal, _ = normal_path(text)
    if normal != text:
        raise Wrong(f"`{text}` is not in normal form", f"write `{normal}`")
    for segment in text.split("/"):
        if "**" in segment and segment != "**":
            raise Wrong(
                f"`{text}` has a `**` inside a segment",
                "write `*` there, or `**` as a whole segment",
            )
    return text


def compile_globs(globs: Iterable[str], *, ignore_case: bool) -> re.Pattern[str]:
    """A pattern whose `fullmatch` is true for what any of the globs matches."""
    source = "|".join(map(_source, globs))
    flags = re.DOTALL | re.ASCII | (re.IGNORECASE if ignore_case else re.NOFLAG)
    return re.compile(f"(?:{source})/?", flags)


def literal_prefix(glob: str) -> str:
    """The leading segments without stars, in lower case: `/a/b` of `/A/b/*/c`."""
    kept = []
    for segment in glob.rstrip("/").split("/"):
        if "*" in segment:
            break
        kept.append(segment)
    return "/".join(kept).lower()


def glob_covers(general: str, special: str) -> bool:
    """Whether `general` surely matches every path that `special` matches."""
    if general in (ANY, special):
        return True
    stem = general.removesuffix("/**")
    if stem == general or "*" in stem:
        return False
    return special == stem or special.startswith(stem + "/")


def _source(glob: str) -> str:
    chunks: list[list[str]] = [[]]
    for segment in glob.rstrip("/").split("/")[1:]:
        if segment == "**":
            chunks.append([])
        else:
            chunks[-1].append(_segment(segment))
    first, *rest = ["".join(chunk) for chunk in chunks]
    if not rest:
        return first
    middle = "".join(
        rf"(?>(?:/[^/]*)*?{chunk}(?=/|\Z))" for chunk in rest[:-1] if chunk
    )
    last = rest[-1]
    return f"{first}{middle}(?:/.*)?{last}" if last else f"{first}{middle}(?:/.*)?"


def _segment(segment: str) -> str:
    if segment == "*":
        return "/[^/]+"
    head, *tail = map(re.escape, segment.split("*"))
    if not tail:
        return f"/{head}"
    middle = "".join(f"(?>[^/]*?{part})" for part in tail[:-1])
    return rf"/{head}{middle}[^/]*{tail[-1]}(?=/|\Z)"
