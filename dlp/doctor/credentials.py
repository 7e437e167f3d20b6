"""
Credentials on disk that the agent can read: where the usual programs keep them.

A file counts when it holds a value, not when it exists; where only a program could say,
it counts when it exists. A value that is registered does not count: it cannot leave.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dlp.doctor.check import Check, Look, Severity
from dlp.doctor.files import beginning, below
from dlp.doctor.picture import Picture

_VALUE = rb"""[ \t]*[=:][ \t]*["']?(?![$<{"'\s])([^\s"',;]{4,})"""
"""A value that stands there itself: no reference, no placeholder."""
_JSON = (
    rb"(?:token|secret|passw(?:or)?d|(?:api|access|private|secret|session)[-_]?key"
    rb'|pat|credential)"\s*:\s*"(?![$<{])([^"]{8,})"'
)
_USERINFO = rb"://[^/\s:@]*:(?![$<{])([^/\s@]{4,})@"
_KEY_NAMES = re.compile(
    r"id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?|.+\.(?:pem|key|p8|p12|pfx|jks|ppk|kdbx)"
)
_SEALED = re.compile(rb"Proc-Type: 4,ENCRYPTED|BEGIN ENCRYPTED PRIVATE KEY")
_BINARY = frozenset({".p12", ".pfx", ".jks", ".kdbx"})


@dataclass(frozen=True, slots=True)
class _Keeper:
    """Where one program keeps its credentials."""

    id: str
    what: str
    home: tuple[str, ...] = ()
    """Globs below the agent's home."""
    work: tuple[str, ...] = ()
    """Globs below the working folder."""
    root: tuple[str, ...] = ()
    """Globs below the root of the machine."""
    marks: bytes = b""
    """Case-insensitive; the group is the value. Empty: that the file exists counts."""
    severity: Severity = Severity.HIGH


_KEEPERS = (
    _Keeper(
        "aws", "AWS credentials",
        (".aws/credentials", ".aws/config", ".aws/sso/cache/*.json",
         ".aws/cli/cache/*.json"),
        marks=rb"aws_secret_access_key" + _VALUE
        + rb'|"(?:accessToken|SecretAccessKey)"\s*:\s*"([^"]+)"',
    ),
    _Keeper(
        "gcloud", "Google Cloud credentials",
        (".config/gcloud/application_default_credentials.json",
         ".config/gcloud/credentials.db", ".config/gcloud/access_tokens.db",
         ".config/gcloud/legacy_credentials/*/adc.json"),
    ),
    _Keeper(
        "azure", "Azure credentials",
        (".azure/msal_token_cache.*", ".azure/accessTokens.json",
         ".azure/service_principal_entries.*"),
    ),
    _Keeper(
        "clouds", "credentials of other clouds",
        (".config/doctl/config.yaml", ".config/hcloud/cli.toml", ".fly/config.yml",
         ".aliyun/config.json", ".config/scw/config.yaml", ".oci/config",
         ".bluemix/config.json", ".config/.wrangler/config/*.toml",
         ".local/share/com.vercel.cli/auth.json", ".netlify/config.json",
         ".config/netlify/config.json", ".railway/config.json",
         ".config/linode-cli", ".supabase/access-token"),
        marks=rb"(?:access[-_]token|secret[-_]key|oauth_token|token|key_file)\"?"
        + _VALUE + rb"|\A([\w.-]{20,})\s*\Z",
    ),
    _Keeper("netrc", "passwords", (".netrc", "_netrc"), marks=rb"password\s+(\S+)"),
    _Keeper(
        "npm", "tokens of npm or yarn", (".npmrc", ".yarnrc.yml", ".yarnrc"),
        (".npmrc", ".yarnrc.yml"),
        marks=rb"(?:_authToken|_password|_auth|npmAuthToken)" + _VALUE,
    ),
    _Keeper(
        "python-index", "tokens of Python package indexes",
        (".pypirc", ".config/pypoetry/auth.toml", ".config/pip/pip.conf",
         ".local/share/uv/credentials/*"),
        marks=rb"(?:password|token)" + _VALUE + rb"|" + _USERINFO,
    ),
    _Keeper(
        "package-registries", "tokens of package registries",
        (".cargo/credentials.toml", ".cargo/credentials", ".gem/credentials",
         ".m2/settings.xml", ".gradle/gradle.properties", ".composer/auth.json",
         ".config/composer/auth.json", ".nuget/NuGet/NuGet.Config", ".hex/hex.config"),
        marks=rb"(?:token|password|api_key|secret)\w*" + _VALUE + rb"|" + _JSON
        + rb"|<password>(?![${])([^<]{4,})</password>"
        rb'|ClearTextPassword"\s+value="([^"]+)"',
    ),
    _Keeper(
        "git", "passwords in Git's own files",
        (".git-credentials", ".config/git/credentials", ".gitconfig"),
        (".git/config", ".git-credentials"), marks=_USERINFO,
    ),
    _Keeper(
        "forges", "tokens of a code host's command line",
        (".config/gh/hosts.yml", ".config/glab-cli/config.yml", ".config/hub",
         ".config/tea/config.yml"),
        marks=rb"(?:oauth_)?token" + _VALUE,
    ),
    _Keeper(
        "docker", "passwords of container registries",
        (".docker/config.json", ".config/containers/auth.json"),
        root=("run/containers/0/auth.json", "root/.docker/config.json"),
        marks=rb'"(?:auth|identitytoken)"\s*:\s*"([^"]+)"',
    ),
    _Keeper(
        "kube", "credentials of Kubernetes clusters",
        (".kube/config", ".kube/*.yaml"), ("kubeconfig", "kubeconfig.yaml"),
        ("etc/rancher/k3s/k3s.yaml", "etc/kubernetes/admin.conf"),
        marks=rb"(?:client-key-data|token|password)" + _VALUE,
    ),
    _Keeper(
        "kube-pod", "the service account of this pod",
        root=("run/secrets/kubernetes.io/serviceaccount/token",
              "var/run/secrets/kubernetes.io/serviceaccount/token"),
    ),
    _Keeper(
        "infrastructure", "tokens of infrastructure tools",
        (".vault-token", ".bao-token", ".terraform.d/credentials.tfrc.json",
         ".terraformrc", ".pulumi/credentials.json", ".doppler/.doppler.yaml",
         ".config/sops/age/keys.txt", ".consul-token"),
        ("terraform.tfstate", "terraform.tfvars"),
        marks=rb"(?:token|secret|password)\w*" + _VALUE + rb"|" + _JSON
        + rb"|\A([\w.-]{16,})\s*\Z|(AGE-SECRET-KEY-\w+)",
    ),
    _Keeper(
        "databases", "passwords of databases",
        (".pgpass", ".my.cnf", ".mylogin.cnf", ".dbt/profiles.yml", ".dbshell",
         ".snowflake/connections.toml", ".snowflake/config.toml"),
        marks=rb"pass(?:word)?" + _VALUE + rb"|^[^#\n:]+:[^\n:]*:[^\n:]*:[^\n:]*:(\S+)$"
        rb"|" + _USERINFO,
    ),
    _Keeper(
        "storage", "keys of storage clients",
        (".config/rclone/rclone.conf", ".s3cfg", ".boto", ".mc/config.json",
         ".config/b2/account_info", ".passwd-s3fs"),
        marks=rb"(?:pass|token|secret_access_key|secret_key|key)\w*" + _VALUE
        + rb"|" + _JSON + rb"|^\w+:(\S{20,})$",
    ),
    _Keeper(
        "mail", "passwords of mail and chat clients",
        (".msmtprc", ".fetchmailrc", ".offlineimaprc", ".mbsyncrc", ".muttrc",
         ".config/neomutt/neomuttrc", ".config/irssi/config", ".weechat/sec.conf"),
        marks=rb"\w*pass(?:word)?(?:" + _VALUE + rb'|\s+["\']?(?!["\'$`])(\S{4,}))',
    ),
    _Keeper(
        "browsers", "passwords and sessions of a browser",
        (".mozilla/firefox/*/logins.json", ".mozilla/firefox/*/cookies.sqlite",
         ".config/google-chrome/*/Login Data", ".config/google-chrome/*/Cookies",
         ".config/chromium/*/Login Data", ".config/chromium/*/Cookies",
         ".config/BraveSoftware/*/*/Login Data", ".config/microsoft-edge/*/Cookies",
         "Library/Application Support/Google/Chrome/*/Login Data"),
    ),
    _Keeper(
        "keyrings", "a keyring or password store",
        (".local/share/keyrings/*.keyring", ".password-store/**/*.gpg", "*.kdbx",
         "Documents/*.kdbx", ".config/Bitwarden CLI/data.json",
         "Library/Keychains/*.keychain-db", ".local/share/kwalletd/*.kwl"),
    ),
    _Keeper("gnupg", "private keys of GnuPG", (".gnupg/private-keys-v1.d/*.key",)),
    _Keeper(
        "wallets", "a wallet",
        (".bitcoin/wallet.dat", ".bitcoin/wallets/*/wallet.dat", ".electrum/wallets/*",
         ".ethereum/keystore/*", ".foundry/keystores/*", ".config/solana/id.json",
         ".near-credentials/*/*.json", ".sui/sui_config/sui.keystore"),
    ),
    _Keeper(
        "agents-own", "an agent's own sign-in",
        (".claude/.credentials.json", ".codex/auth.json", ".gemini/oauth_creds.json",
         ".config/github-copilot/*.json", ".local/share/opencode/auth.json",
         ".openclaw/credentials/*", ".clawdbot/credentials/*", ".aider.conf.yml",
         ".cache/huggingface/token", ".huggingface/token", ".kaggle/kaggle.json",
         ".config/openai/*", ".continue/config.yaml", ".qwen/oauth_creds.json"),
        marks=_JSON + rb"|(?:api[-_]?key|token)\w*" + _VALUE
        + rb"|\A([\w.-]{20,})\s*\Z",
        severity=Severity.MEDIUM,
    ),
    _Keeper(
        "mcp", "tokens in the configuration of MCP servers",
        (".claude.json", ".cursor/mcp.json",
         ".config/Claude/claude_desktop_config.json",
         ".codeium/windsurf/mcp_config.json", ".gemini/settings.json",
         ".codex/config.toml", ".config/mcp/*.json"),
        (".mcp.json", ".cursor/mcp.json", ".vscode/mcp.json", ".gemini/settings.json"),
        marks=_JSON + rb'|"Authorization"\s*:\s*"(?:\w+ )?(?![$<{])([^"]{8,})"'
        rb"|(?:token|api_key|secret|password)\w*\s*=\s*\"(?![$<{])([^\"]{8,})\"",
    ),
    _Keeper(
        "host", "keys of this machine",
        root=("etc/shadow", "etc/gshadow", "etc/ssl/private/*.key", "etc/krb5.keytab",
              "etc/wireguard/*.conf", "etc/ssh/ssh_host_*_key",
              "var/lib/kubelet/pki/*.pem", "etc/letsencrypt/live/*/privkey.pem"),
    ),
)  # fmt: skip


def _look(keeper: _Keeper) -> Look:
    def look(picture: Picture) -> Iterator[str]:
        places = (
            (picture.agent.home, keeper.home),
            (picture.work, keeper.work),
            (picture.root, keeper.root),
        )
        for folder, globs in places:
            for glob in globs:
                for path in picture.found(folder, glob):
                    if picture.within_reach(path) and _counts(picture, keeper, path):
                        yield f"{path} holds {keeper.what}"

    return look


def _counts(picture: Picture, keeper: _Keeper, path: Path) -> bool:
    data = beginning(path)
    if not keeper.marks:
        return bool(data)
    flags = re.IGNORECASE | re.MULTILINE
    for match in re.finditer(keeper.marks, data, flags):
        value = next(group for group in match.groups() if group)
        if not picture.secrets.named(value):
            return True
    return False


def _ssh(picture: Picture) -> Iterator[str]:
    yield from _bare_keys(picture, picture.found(picture.agent.home, ".ssh/*"))


def _in_work(picture: Picture) -> Iterator[str]:
    named = (path for path in below(picture.work) if _KEY_NAMES.fullmatch(path.name))
    yield from _bare_keys(picture, named)


def _bare_keys(picture: Picture, paths: list[Path] | Iterator[Path]) -> Iterator[str]:
    for path in paths:
        if picture.within_reach(path) and is_bare_key(path.name, beginning(path)):
            yield f"{path} holds a private key without a passphrase"


def is_bare_key(name: str, data: bytes) -> bool:
    """
    Whether a file is a private key that needs no passphrase: PEM (RFC 7468, RFC 1421),
    OpenSSH (PROTOCOL.key), PuTTY. A key store cannot be told without opening it: yes.
    """
    if Path(name).suffix in _BINARY:
        return bool(data)
    if data.startswith(b"PuTTY-User-Key-File"):
        return b"\nEncryption: none" in data.replace(b"\r", b"")
    opened = re.search(rb"-----BEGIN OPENSSH PRIVATE KEY-----([^-]*)", data)
    if opened:
        body = b"".join(opened[1].split())
        return b"none" in b64decode(body[: len(body) // 4 * 4])[15:28]
    return b"PRIVATE KEY-----" in data and not _SEALED.search(data)


_REMEDY = (
    "Register it (`dlp secrets add`), name the file under `cage: {hide: [...]}` in the "
    "policy and use `dlp run` (--caged), or take it away from the agent's user"
)
_WHY = "What an agent can read it can be talked into sending."

CHECKS = (
    Check(
        "credentials-ssh", Severity.HIGH,
        "The agent can read no SSH key that needs no passphrase",
        "It opens other machines, without the network that is watched here.",
        "Set a passphrase (ssh-keygen -p), use `dlp run`, which hides ~/.ssh "
        "(--caged), or take it away from the agent's user",
        ("ASI03", "T3"), _ssh,
    ),
    Check(
        "credentials-in-work", Severity.HIGH,
        "No private key lies in the working folder",
        "It is read with the sources, and sent with them.",
        "Move it out",
        ("ASI03", "T3"), _in_work,
    ),
    *(
        Check(
            f"credentials-{keeper.id}", keeper.severity,
            f"The agent can read no file with {keeper.what}",
            _WHY, _REMEDY, ("ASI03", "T3"), _look(keeper),
        )
        for keeper in _KEEPERS
    ),
)  # fmt: skip
