"""
Honest text of the classes in threats section 2, made up anew for each seed.

Nothing in it is a secret; much of it looks like one.
"""

import base64
import json
import random
import re
import string
import uuid
from collections.abc import Callable

from dlp.detect.context.words import WORDS

HEX = "0123456789abcdef"
ALNUM = string.ascii_letters + string.digits


def _draw(source, alphabet, size):
    return "".join(source.choices(alphabet, k=size))


def _words(source, count):
    return " ".join(source.choices(WORDS, k=count))


def _name(source, count=2):
    return "_".join(source.choices(WORDS, k=count))


def ids(source):
    prefixes = (
        "toolu_01",
        "call_",
        "msg_01",
        "chatcmpl-",
        "req_",
        "resp_",
        "run_",
        "file-",
    )
    lines = [str(uuid.UUID(int=source.getrandbits(128), version=4)) for _ in range(20)]
    lines += [prefix + _draw(source, ALNUM, 24) for prefix in prefixes]
    lines += [
        f'"trace_id": "{_draw(source, HEX, 32)}", "span_id": "{_draw(source, HEX, 16)}"'
    ]
    lines += [f"traceparent: 00-{_draw(source, HEX, 32)}-{_draw(source, HEX, 16)}-01"]
    lines += [
        f'ETag: W/"{_draw(source, HEX, 32)}"',
        f"X-Request-Id: {_draw(source, HEX, 32)}",
    ]
    lines += [f"Idempotency-Key: {uuid.UUID(int=source.getrandbits(128), version=4)}"]
    lines += ["01" + _draw(source, "0123456789ABCDEFGHJKMNPQRSTVWXYZ", 24)]
    lines += [
        f'{{"id": {source.randint(10**17, 10**18)}, "next_page_token": "{_draw(source, ALNUM, 60)}"}}'
    ]
    return "\n".join(lines)


def hashes(source):
    lines = [f"{_draw(source, HEX, 40)} {_name(source)}" for _ in range(8)]
    lines += [
        f"commit {_draw(source, HEX, 40)}",
        f"index {_draw(source, HEX, 7)}..{_draw(source, HEX, 7)}",
    ]
    lines += [
        f"sha256:{_draw(source, HEX, 64)}",
        f"{_draw(source, HEX, 64)}  {_name(source)}.tar.gz",
    ]
    lines += [f"image@sha256:{_draw(source, HEX, 64)}", f"md5={_draw(source, HEX, 32)}"]
    lines += [
        f'cache_key = "{_draw(source, HEX, 64)}"',
        f"checksum: {_draw(source, HEX, 40)}",
    ]
    lines += [
        f'SRCREV_core = "{_draw(source, HEX, 40)}"',
        f"tx 0x{_draw(source, HEX, 64)}",
    ]
    lines += [
        f"example.com/{_name(source)} v1.2.3 h1:{base64.b64encode(source.randbytes(32)).decode()}"
    ]
    return "\n".join(lines)


def lockfiles(source):
    npm = {
        f"node_modules/{_name(source, 1)}": {
            "version": f"{source.randint(0, 9)}.{source.randint(0, 20)}.0",
            "resolved": f"https://registry.example/{_name(source)}-1.0.0.tgz",
            "integrity": "sha512-" + base64.b64encode(source.randbytes(64)).decode(),
        }
        for _ in range(20)
    }
    pip = "".join(
        f"{_name(source)}==1.2.{n} \\\n    --hash=sha256:{_draw(source, HEX, 64)}\n"
        for n in range(20)
    )
    record = "".join(
        f"{_name(source)}/token.py,sha256={_draw(source, ALNUM + '-_', 43)},{n}\n"
        for n in range(20)
    )
    cargo = f'[[package]]\nname = "{_name(source)}"\nchecksum = "{_draw(source, HEX, 64)}"\n'
    return (
        json.dumps({"lockfileVersion": 3, "packages": npm}, indent=2)
        + pip
        + record
        + cargo
    )


def images(source):
    picture = base64.b64encode(b"\x89PNG\r\n\x1a\n" + source.randbytes(6000)).decode()
    return json.dumps({"type": "base64", "media_type": "image/png", "data": picture})


def embeddings(source):
    return json.dumps({"embedding": [source.gauss(0, 1) for _ in range(400)]})


def minified(source):
    names = [_draw(source, string.ascii_letters, 2) for _ in range(60)]
    calls = "".join(
        f'{a}.{b}=function({c}){{return {c}.key=="{w}"?{a}({c}.token):null}};'
        for a, b, c, w in zip(
            names, names[1:], names[2:], source.choices(WORDS, k=58), strict=False
        )
    )
    return (
        "!function(){"
        + calls
        + "}();//# sourceMappingURL=app."
        + _draw(source, HEX, 20)
        + ".js.map"
    )


CODE = """
import os
API_KEY = os.environ["API_KEY"]
token = config.get("access_token") or get_token(client_id, scope="read")
client = Client(api_key=settings.api_key, secret=secrets.token_urlsafe(32))
def login(username: str, password: str, *, token_type: str = "bearer") -> Session: ...
password = getpass.getpass("Password: ")
self.secret_name = f"{self.prefix}/database-credentials"
const apiKey = process.env.OPENAI_API_KEY;
headers["Authorization"] = `Bearer ${token}`;
if (user.password !== confirmPassword) throw new Error("passwordMismatch2");
<input type="password" name="password" autocomplete="current-password">
password: ${{ secrets.DEPLOY_PASSWORD }}
MYSQL_PASSWORD: "{{ vault_mysql_password }}"
export TOKEN=$(cat /run/secrets/token)
db_url = "postgres://user:password@localhost:5432/app"
public_key = load_pem_public_key(data)
tokens_per_minute = 40000
"token": token_hex, "key": "primary_key", "next_token": nextToken,
assert auth.api_token_for("user_12345") is not None
KEY_AGREEMENT = "curve25519-hkdf-sha256"
secret: !Ref DatabaseSecret
keyPath: "src/components/AuthButton2.tsx"
passwordField = findViewById(R.id.passwordEditText2)
aws secretsmanager get-secret-value --secret-id prod/db-password-2
"""


def code(source):
    lines = CODE.strip().splitlines()
    source.shuffle(lines)
    return "\n".join(f"{line}  # {_words(source, 4)}" for line in lines)


DOCS = """
Set `AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE` and never commit it.
Use your key: `export OPENAI_API_KEY=sk-...` or `sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx`.
curl -H "Authorization: Bearer <your-token>" https://api.example.com/v1
curl -H "Authorization: Bearer $TOKEN" https://api.example.com/v1
git clone https://x-access-token:${GITHUB_TOKEN}@github.com/owner/repo
api_key: YOUR_API_KEY_HERE
api_key = "your-api-key"
token = "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
client_secret=changeme
password: ********
SECRET_KEY=replace-me-with-a-long-random-string
"api_key": "1234567890abcdef1234567890abcdef"
The access token is a JWT; the refresh token is opaque and lives for 30 days.
Rotate your API keys every 90 days. The secret is stored in the vault.
Password must be at least 12 characters and include a number.
access_token=2YotnFZFEjr1zCsicMWpAA&token_type=example
"""


def docs(source):
    return DOCS + _words(source, 60)


def chat(source):
    messages = [
        {"role": source.choice(["user", "assistant"]), "content": _words(source, 80)}
        for _ in range(8)
    ]
    messages.append(
        {
            "role": "user",
            "content": "my key idea: pass the token count " + _words(source, 30),
        }
    )
    return json.dumps({"model": "a-model", "max_tokens": 4096, "messages": messages})


def certificates(source):
    body = base64.encodebytes(source.randbytes(700)).decode()
    ssh = base64.b64encode(b"\0\0\0\7ssh-rsa" + source.randbytes(300)).decode()
    return (
        f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"
        f"-----BEGIN PUBLIC KEY-----\n{body}-----END PUBLIC KEY-----\nssh-rsa {ssh} me@host\n"
    )


def telemetry(source):
    return json.dumps(
        {
            "device_id": _draw(source, HEX, 64),
            "session_id": str(uuid.UUID(int=source.getrandbits(128), version=4)),
            "anonymousId": _draw(source, ALNUM, 28),
            "events": [
                {"name": _name(source), "ts": 1700000000000 + n, "v": n}
                for n in range(20)
            ],
            "build": _draw(source, HEX, 12),
        }
    )


def foreign(source):
    letters = "абвгдежзийклмнопрстуфхцчшщыьэюя 的一是在不了有和人这中大为上个国 あいうえおかきく"
    return (
        "пароль: "
        + _draw(source, letters, 400)
        + " 密码 "
        + _draw(source, letters, 400)
    )


def numbers(source):
    cards = " ".join(str(source.randint(10**15, 10**16)) for _ in range(20))
    return f"order {cards} phone +49 151 {source.randint(10**6, 10**8)} 2024-01-02T03:04:05Z 10.0.0.1"


_SETTINGS = """
    APP_ENV=development|NODE_ENV=production|DEBUG=|PORT=3000|LOG_LEVEL=info|TZ=UTC
    DATABASE_URL=postgres://user:password@localhost:5432/app|REDIS_URL=redis://localhost:6379/0
    DB_HOST=127.0.0.1|DB_PORT=5432|DB_DATABASE=app|DB_USERNAME=root|DB_PASSWORD=
    DB_PASSWORD=password|POSTGRES_PASSWORD=postgres|MYSQL_ROOT_PASSWORD=changeme
    APP_KEY=|APP_SECRET=change-me|SECRET_KEY=your-secret-key-here|JWT_SECRET=
    JWT_SECRET=<generate with openssl rand -hex 32>|SESSION_SECRET=please-change
    NEXTAUTH_URL=http://localhost:3000|NEXTAUTH_SECRET=|AUTH_TRUST_HOST=true
    OPENAI_API_KEY=sk-...|OPENAI_API_KEY=|ANTHROPIC_API_KEY=your-api-key-here
    ANTHROPIC_API_KEY=sk-ant-...|OPENAI_BASE_URL=https://api.openai.com/v1
    GITHUB_TOKEN=ghp_xxxxxxxxxxxxxxxxxxxx|GITHUB_TOKEN=|GITLAB_TOKEN=glpat-xxxxxxxxxxxxxxxxxxxx
    AWS_ACCESS_KEY_ID=|AWS_SECRET_ACCESS_KEY=|AWS_REGION=eu-central-1|S3_BUCKET=
    STRIPE_SECRET_KEY=sk_test_...|STRIPE_WEBHOOK_SECRET=whsec_...|STRIPE_PRICE_ID=price_...
    SLACK_BOT_TOKEN=xoxb-your-token|SLACK_SIGNING_SECRET=|DISCORD_TOKEN=YOUR_BOT_TOKEN
    TELEGRAM_BOT_TOKEN=123456:ABC-DEF|TWILIO_AUTH_TOKEN=|TWILIO_ACCOUNT_SID=ACxxxxxxxxxxxxxxxx
    SENDGRID_API_KEY=SG.xxxxx|MAILGUN_DOMAIN=mg.example.com|SMTP_HOST=smtp.example.com
    SMTP_PORT=587|SMTP_USER=|SMTP_PASSWORD=|MAIL_FROM="App <no-reply@example.com>"
    GOOGLE_CLIENT_ID=|GOOGLE_CLIENT_SECRET=|GOOGLE_APPLICATION_CREDENTIALS=./key.json
    SENTRY_DSN=|SENTRY_AUTH_TOKEN=|POSTHOG_KEY=phc_...|VITE_API_URL=${APP_URL}/api
    HF_TOKEN=hf_...|HUGGINGFACE_TOKEN=hf_xxxxxxxxxxxxxxxx|PINECONE_API_KEY=|QDRANT_URL=
    ENCRYPTION_KEY=base64:...|CRON_SECRET=|ADMIN_PASSWORD=admin|ADMIN_TOKEN="replace me"
    FEATURE_FLAGS=a,b,c|CORS_ORIGINS=http://localhost:5173,https://app.example.com|CI=true
"""
_SETTING_NOTES = ("# Database", "# Third parties", "", "# see docs/setup.md", "## Mail")


def settings(source):
    """A file that shows which variables to set, values left out or to be replaced."""
    known = [line.strip() for line in re.split(r"[|\n]", _SETTINGS) if line.strip()]
    lines = [
        source.choice(known) if source.random() < 0.9 else source.choice(_SETTING_NOTES)
        for _ in range(source.randint(6, 40))
    ]
    before = source.choice(["", "export ", "# "]) if source.random() < 0.3 else ""
    return "\n".join(before + line if "=" in line else line for line in lines) + "\n"


CLASSES: dict[str, Callable[[random.Random], str]] = {
    "certificates": certificates,
    "chat": chat,
    "code": code,
    "docs": docs,
    "embeddings": embeddings,
    "foreign": foreign,
    "hashes": hashes,
    "ids": ids,
    "images": images,
    "lockfiles": lockfiles,
    "minified": minified,
    "numbers": numbers,
    "settings": settings,
    "telemetry": telemetry,
}


def honest(name, seed):
    """One text of a class."""
    return CLASSES[name](random.Random(f"{name}:{seed}"))


def _stored(source):
    day = f"2026/{source.randint(1, 12):02}/{source.randint(1, 28):02}"
    name = source.choice(WORDS) + _draw(source, HEX, 8)
    lies = source.choice(
        [
            f"logs/{day}/{name}.json.gz",
            f"assets/{source.choice(WORDS)}.{_draw(source, HEX, 8)}.js",
            f"blobs/{_draw(source, HEX, 64)}",
            f"{_draw(source, HEX, 2)}/{_draw(source, HEX, 2)}/{_draw(source, HEX, 40)}",
            f"AWSLogs/{source.randint(10**11, 10**12)}/{day}/_{_draw(source, ALNUM, 16)}.gz",
        ]
    )
    return f'{{"Key": "{lies}", "Size": {source.randint(1, 10**7)}}},\n'


ROWS: dict[str, Callable[[random.Random], str]] = {
    "objects of a store": _stored,
    "short keys of a store": lambda source: (
        f'{{"Key": "{source.choice(WORDS)}/{source.randint(0, 10**6)}.png"}},\n'
    ),
    "counts": lambda source: (
        f'{{"key": "{_name(source)}", "token_count": {source.randint(0, 10**9)}}},\n'
    ),
    "translations": lambda source: (
        f'"{source.choice(WORDS)}.password.{source.choice(WORDS)}": '
        f'"Your password {_words(source, 3)}",\n'
    ),
    "environment": lambda source: (
        f"export {_name(source).upper()}_TOKEN_{source.choice(('URL', 'FILE', 'TTL'))}="
        f"{source.choice(('https://', '/run/', ''))}{_words(source, 2).replace(' ', '/')}\n"
    ),
    "table": lambda source: (
        f"{source.randint(1, 10**6)},{uuid.UUID(int=source.getrandbits(128))},"
        f"{_name(source)}@example.com,{_draw(source, HEX, 64)}\n"
    ),
}
"""Rows of lists as programs write them: each a place where a secret could stand."""


def rows(name: str, size: int, seed: int = 0) -> str:
    """A list of about `size` bytes, its rows all different."""
    source = random.Random(f"{name} {seed}")
    made, left = [], size
    while left > 0:
        made.append(ROWS[name](source))
        left -= len(made[-1])
    return "".join(made)
