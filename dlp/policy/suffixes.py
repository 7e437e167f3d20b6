"""
Suffixes under which anybody can get a host: a wildcard over one is everybody.

The public suffix list comes with publicsuffix2 and is from 2019; `_SINCE` holds what
was opened to the public since then or never was on it. `_BY_PATH` holds hosts where
the tenant is in the path instead.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import publicsuffix2

_SINCE = """
    on.aws awsapprunner.com amplifyapp.com
    *.core.windows.net azurecontainerapps.io azurestaticapps.net azure-api.net
    azurefd.net azureedge.net cloudapp.azure.com trafficmanager.net logic.azure.com
    servicebus.windows.net openai.azure.com cognitiveservices.azure.com vault.azure.net
    pages.dev r2.dev r2.cloudflarestorage.com workers.dev
    cloudfunctions.net firebasestorage.app firebaseio.com usercontent.goog
    run.app sites.google.com script.googleusercontent.com
    vercel.app now.sh netlify.app fly.dev tigris.dev railway.app deno.dev deno.net
    val.run onrender.com koyeb.app zeabur.app
    hf.space gradio.live streamlit.app modal.run replit.app replit.dev
    supabase.co supabase.in convex.site convex.cloud neon.tech upstash.io
    ngrok-free.app ngrok-free.dev ngrok.app ngrok.dev ngrok.pizza ngrok.pro
    loca.lt lhr.life localhost.run serveo.net pagekite.me bore.digital
    tunnelmole.net devtunnels.ms trycloudflare.com ts.net
    app.github.dev github.dev gitpod.io csb.app stackblitz.io webcontainer.io
    bitbucket.io gitbook.io surge.sh edgeone.app b-cdn.net
    digitaloceanspaces.com ondigitalocean.app linodeobjects.com wasabisys.com
    backblazeb2.com scw.cloud vultrobjects.com your-objectstorage.com
    myshopify.com zendesk.com freshdesk.com atlassian.net wixsite.com webflow.io
    webhook.site oast.fun oast.me oast.live oast.online oast.pro oast.site interact.sh
    burpcollaborator.net oastify.com requestbin.net pipedream.net beeceptor.com
    requestcatcher.com mockapi.io hookdeck.com
    ingest.sentry.io ingest.us.sentry.io ingest.de.sentry.io
""".split()  # noqa: SIM905  # a list of words is read and reviewed as words

_REGIONAL = re.compile(
    r"(?:execute-api|lambda-url|es|aoss|s3|s3-website|elasticbeanstalk|vpce)"
    r"\.[a-z]{2}-[a-z-]+-[0-9]\.(?:vpce\.)?amazonaws\.com"
)
"""Amazon's services whose customers are below the region."""

# RFC 6761, RFC 6762, and what ICANN has set aside: nobody can register below these.
_CLOSED = frozenset(
    ["internal", "local", "localhost", "test", "example", "invalid", "corp", "home"]
)

_BY_PATH = frozenset(
    """
    storage.googleapis.com s3.amazonaws.com gist.github.com gist.githubusercontent.com
    pastebin.com hastebin.com paste.rs 0x0.st transfer.sh file.io webhook.site
    api.telegram.org hooks.slack.com discord.com discordapp.com hooks.zapier.com
    maker.ifttt.com docs.google.com www.dropbox.com content.dropboxapi.com
    """.split()  # noqa: SIM905
)


def shared_suffix(domain: str) -> str:
    """
    A suffix at or below `domain` that is open to everybody; empty when there is none.

    `github.io` gives itself, `amazonaws.com` gives one of those below it.
    """
    suffixes, wildcards = _shared()
    label, _, parent = domain.partition(".")
    if not parent and label not in _CLOSED:
        return domain
    if parent in wildcards or _REGIONAL.fullmatch(domain):
        return domain
    return suffixes.get(domain, "")


def tenant_in_path(host: str) -> bool:
    """Whether on this host the path, not the name, says whose data it is."""
    return host in _BY_PATH


@cache
def _shared() -> tuple[dict[str, str], frozenset[str]]:
    """
    Every suffix, and every parent of one, with the suffix that makes it shared; and
    the domains of which every child is a suffix.
    """
    found: dict[str, str] = {}
    rules = [*_listed(), *_SINCE]
    for rule in rules:
        suffix = rule.removeprefix("*.")
        found[suffix] = suffix
        _, _, parent = suffix.partition(".")
        while parent:
            found.setdefault(parent, suffix)
            _, _, parent = parent.partition(".")
    return found, frozenset(rule[2:] for rule in rules if rule.startswith("*."))


def _listed() -> list[str]:
    """Rules of the list (publicsuffix.org/list), exceptions (`!`) left out."""
    text = Path(publicsuffix2.PSL_FILE).read_text(encoding="utf-8")
    rules = [line.split()[0] for line in text.splitlines() if line[:2].strip(" /")]
    return [
        rule if rule.isascii() else rule.encode("idna").decode("ascii")
        for rule in rules
        if not rule.startswith("!")
    ]
