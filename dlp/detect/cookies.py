"""
Cookies: their grammar, and which of them look as if they said who is calling.

By name, where programs agree on what one is for; else by value: what a host could not
be learned to have issued (`learned.is_material`) is a preference, a consent, a counter.

Why not in `issued`: that reads what hosts set; this is of both directions.
"""

from __future__ import annotations

import re

from dlp.detect.known.learned import is_material

_NO_CREDENTIALS = re.compile(
    rb"__cf|_cfuvid|_ga|_gid|_gcl|_fbp|_fbc|awsalb|ak_bmsc|bm_|_abck|visid_incap"
    rb"|incap_ses|nlbi_|datadome|optimizely|_hj|ajs_|fpid|_clck|_clsk|_uet|_pk_|_mkto"
    rb"|hubspotutk|__hs|_dd_s|_rdt|_tt|_scid|__stripe_[ms]id|_vwo|amcv_|mbox|amp_|mp_"
    rb"|optanon|eu(?:pub)?consent|cookie-?_?(?:consent|law|yes)|didomi|otgpp|usprivacy"
    rb"|osano|termly|borlabs|moove_|tarteaucitron|cmplz|gdpr|klaro|cky-",
    re.IGNORECASE,
)
"""
Begins of names that balancers, bot filters, counters of visits and banners that ask
for consent set.
"""
_CLAIMS = re.compile(
    rb"sess|(?:^|[^a-z])s?sid(?:$|[^a-z])|(?<![a-z])auth(?!or)|(?<!csrf)(?<!xsrf)[-_]?token"
    rb"|jwt|login|passw|secret|credential|api[-_]?key|remember|bearer|ticket",
    re.IGNORECASE,
)
_SAYS_SO = re.compile(rb"sess|sid|auth|token|login|remember|ticket", re.IGNORECASE)
_QUOTE = ord('"')
_FLAG = re.compile(rb"\d?|yes|no|true|false|none|null|guest", re.IGNORECASE)


def pair(data: bytes, start: int = 0) -> tuple[bytes, tuple[int, int]] | None:
    """
    Name of the cookie that begins at `start`, and the span of its value without quotes
    (RFC 6265, 4.2.1, and what servers take besides); None when it has no `=`.
    """
    end = data.find(b";", start)
    end = len(data) if end < 0 else end
    equals = data.find(b"=", start, end)
    if equals < 0:
        return None
    value = data[equals + 1 : end]
    first, last = end - len(value.lstrip()), equals + 1 + len(value.rstrip())
    if last - first > 1 and data[first] == data[last - 1] == _QUOTE:
        first, last = first + 1, last - 1
    return data[start:equals].strip(), (first, max(first, last))


def is_instrument(name: bytes) -> bool:
    """Whether a cookie of this name is set for counting and filtering alone."""
    return _NO_CREDENTIALS.match(name) is not None


def is_drawn_by_hosts(name: bytes) -> bool:
    """Whether hosts draw what a cookie of this name holds: who calls, or counts."""
    return _SAYS_SO.search(name) is not None or is_instrument(name)


def is_credential(name: bytes, value: bytes) -> bool:
    """Whether a cookie looks as if it said who is calling."""
    if is_instrument(name) or _FLAG.fullmatch(value):
        return False
    return _CLAIMS.search(name) is not None or is_material(value)
