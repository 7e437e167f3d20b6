"""The clients: whether they use the proxy, trust its CA, and verify at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from dlp.broker import dotenv
from dlp.cage.environment import Trust, variables
from dlp.doctor.check import Check, Severity
from dlp.doctor.picture import CannotTellError, Picture
from dlp.policy.names import normal_host
from dlp.state.ca import certificate_path

_NO_PROXY = ("NO_PROXY", "no_proxy", "NPM_CONFIG_NOPROXY", "npm_config_noproxy")
_PROXY = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
_OFF = {
    "NODE_TLS_REJECT_UNAUTHORIZED": r"0",
    "PYTHONHTTPSVERIFY": r"0",
    "GIT_SSL_NO_VERIFY": r".+",
    "NPM_CONFIG_STRICT_SSL": r"false",
    "npm_config_strict_ssl": r"false",
    "PIP_TRUSTED_HOST": r".+",
    "UV_INSECURE_HOST": r".+",
    "GOINSECURE": r".+",
    "CLOUDSDK_AUTH_DISABLE_SSL_VALIDATION": r"true|1|yes",
}
"""Variables and the values with which a client verifies nothing."""
_OFF_IN_FILES = (
    (".npmrc", r"^\s*strict-ssl\s*=\s*false"),
    (".yarnrc.yml", r"^\s*enableStrictSsl:\s*false"),
    (".gitconfig", r"^\s*sslVerify\s*=\s*(?:false|0|no|off)\b"),
    (".config/git/config", r"^\s*sslVerify\s*=\s*(?:false|0|no|off)\b"),
    (".curlrc", r"^\s*(?:-k\b|(?:--)?insecure\b)"),
    (".wgetrc", r"^\s*check_certificate\s*=\s*(?:off|no)\b"),
    (".config/pip/pip.conf", r"^\s*trusted-host\s*="),
    (".pip/pip.conf", r"^\s*trusted-host\s*="),
    (".condarc", r"^\s*ssl_verify:\s*(?:false|no)\b"),
    (".gemrc", r"^\s*:?ssl_verify_mode:\s*0"),
)
_BYPASS_IN_FILES = (
    (".npmrc", r"^\s*noproxy\s*=\s*\S"),
    (".curlrc", r"^\s*(?:--)?noproxy\b"),
    (".wgetrc", r"^\s*(?:no_proxy\s*=\s*\S|use_proxy\s*=\s*off)"),
    (".docker/config.json", r'"noProxy"\s*:\s*"[^"]'),
    (".gitconfig", r"^\s*proxy\s*=\s*$"),
    (".config/git/config", r"^\s*proxy\s*=\s*$"),
)
_INJECTING = (
    "LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONSTARTUP",
    "PYTHONHOME", "PYTHONINSPECT", "PYTHONBREAKPOINT",
)  # fmt: skip
_BASES = {
    "ANTHROPIC_BASE_URL": "anthropic.com",
    "OPENAI_BASE_URL": "openai.com",
    "OPENAI_API_BASE": "openai.com",
    "GOOGLE_GEMINI_BASE_URL": "googleapis.com",
    "MISTRAL_BASE_URL": "mistral.ai",
    "GROQ_BASE_URL": "groq.com",
    "OPENROUTER_BASE_URL": "openrouter.ai",
    "HF_ENDPOINT": "huggingface.co",
    "GITHUB_API_URL": "github.com",
    "NPM_CONFIG_REGISTRY": "npmjs.org",
    "npm_config_registry": "npmjs.org",
    "PIP_INDEX_URL": "pypi.org",
    "UV_DEFAULT_INDEX": "pypi.org",
}
"""Variables that say where a vendor's own key goes."""


def _around(picture: Picture) -> Iterator[str]:
    shared = picture.root / "etc/environment"
    places = [("", picture.environment)]
    if shared.exists():
        values = dotenv.parse(shared.read_text("utf-8", "replace"))
        places.append((" in /etc/environment", values))
    for where, environment in places:
        for name in _NO_PROXY:
            named = [x for x in re.split(r"[,\s]+", environment.get(name, "")) if x]
            past = [host for host in named if not _is_local(host)]
            if past:
                yield f"{name}{where} lets clients go past the proxy to {_few(past)}"


def _is_local(host: str) -> bool:
    host = host.strip("[]").lower()
    if host in {"localhost", ".localhost", "127.0.0.0/8"}:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _few(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def _around_in_files(picture: Picture) -> Iterator[str]:
    yield from _in_files(picture, _BYPASS_IN_FILES, "lets a client go past the proxy")


def _off_in_files(picture: Picture) -> Iterator[str]:
    yield from _in_files(picture, _OFF_IN_FILES, "switches verification off")


def _in_files(
    picture: Picture, table: tuple[tuple[str, str], ...], does: str
) -> Iterator[str]:
    for name, pattern in table:
        for path in picture.found(picture.agent.home, name):
            text = path.read_text("utf-8", "replace")
            match = re.search(pattern, text, re.MULTILINE | re.IGNORECASE)
            if match:
                line = text.count("\n", 0, match.end()) + 1
                yield f"{path}:{line} {does}"


def _off(picture: Picture) -> Iterator[str]:
    for name, pattern in _OFF.items():
        if re.fullmatch(pattern, picture.environment.get(name, ""), re.IGNORECASE):
            yield f"{name} is set"


def _proxied(picture: Picture) -> dict[str, str]:
    found = {name: picture.environment.get(name, "") for name in _PROXY}
    if not any(found.values()):
        raise CannotTellError("no proxy is set here: run it where the agent runs")
    return found


def _elsewhere(picture: Picture) -> Iterator[str]:
    for name, value in _proxied(picture).items():
        at = urlsplit(value if "://" in value else f"http://{value}")
        if not value:
            yield f"{name} is not set"
        elif (at.hostname, _port(value)) != picture.listen:
            yield f"{name} names {at.hostname}, not the proxy"


def _port(url: str) -> int:
    try:
        return urlsplit(url if "://" in url else f"http://{url}").port or 80
    except ValueError:
        return 0


def _untrusting(picture: Picture) -> Iterator[str]:
    _proxied(picture)
    ours = certificate_path(picture.kept())
    if not ours.exists():
        raise CannotTellError("there is no CA yet")
    body = _bodies(ours.read_text())
    mark = Path("/ca")
    table = variables("http://x:1", Trust(mark, mark, mark / "p12"))
    for name in (name for name, value in table.items() if value == str(mark)):
        named = picture.environment.get(name)
        if not named:
            yield f"{name} is not set"
        elif not Path(named).is_file():
            yield f"{name} names {named}, which is not there"
        elif not body <= _bodies(Path(named).read_text("utf-8", "replace")):
            yield f"{name} names {named}, which lacks the proxy's CA"


def _bodies(text: str) -> set[str]:
    """The certificates of a PEM file, as their base64."""
    found = re.findall(r"-----BEGIN CERTIFICATE-----([^-]+)-----END", text)
    return {"".join(body.split()) for body in found}


def _injected(picture: Picture) -> Iterator[str]:
    for name in _INJECTING:
        if picture.environment.get(name):
            yield f"{name} is set"


def _redirected(picture: Picture) -> Iterator[str]:
    for name, vendor in _BASES.items():
        url = picture.environment.get(name, "")
        if not url:
            continue
        try:
            host = normal_host(urlsplit(url).hostname or "")
        except ValueError:
            yield f"{name} is no URL"
            continue
        reach = picture.policy.reach_host("default", host, 443)
        named = reach.effect == "allow" and not reach.wildcard
        if host != vendor and not host.endswith(f".{vendor}") and not named:
            yield f"{name} names {host}, not {vendor}"


CHECKS = (
    Check(
        "no-proxy", Severity.HIGH,
        "No variable lets clients go past the proxy",
        "What NO_PROXY names is reached directly, where it can be.",
        "Unset it, as `dlp env` does",
        ("ASI02", "T2"), _around,
    ),
    Check(
        "no-proxy-files", Severity.MEDIUM,
        "No client's own configuration goes past the proxy",
        "It counts more than the variables do.",
        "Remove the line",
        ("ASI02", "T2"), _around_in_files,
    ),
    Check(
        "proxy-variables", Severity.MEDIUM,
        "The proxy variables all name the proxy",
        "Clients read different ones; what one does not find it goes without.",
        'eval "$(dlp env)"',
        ("ASI02", "T2"), _elsewhere,
    ),
    Check(
        "trust-variables", Severity.MEDIUM,
        "Clients trust the CA that is in use",
        "A client that does not is broken, and somebody will switch its "
        "verification off.",
        'eval "$(dlp env)"',
        ("ASI07", "T12"), _untrusting,
    ),
    Check(
        "verification-off", Severity.HIGH,
        "No variable switches certificate verification off",
        "Anybody on the way can then answer in the host's name, and take the "
        "credentials.",
        "Unset it; `dlp env` makes the CA known instead",
        ("ASI07", "T12"), _off,
    ),
    Check(
        "verification-off-files", Severity.HIGH,
        "No client's own configuration switches verification off",
        "Anybody on the way can then answer in the host's name, and take the "
        "credentials.",
        "Remove the line; `dlp env` makes the CA known instead",
        ("ASI07", "T12"), _off_in_files,
    ),
    Check(
        "injected-code", Severity.MEDIUM,
        "No variable loads foreign code into the proxy",
        "A process started from this shell runs it, the proxy too.",
        "Unset it before `dlp up`",
        ("ASI05", "ASI04", "T11"), _injected,
    ),
    Check(
        "base-urls", Severity.MEDIUM,
        "No variable sends a vendor's key elsewhere",
        "A client sends its key to the base URL, whoever is there.",
        "Unset it, or allow the host by name in the policy if it is yours",
        ("ASI04", "ASI03", "T9"), _redirected,
    ),
)  # fmt: skip
