"""What the policy that ships does on the first day. A row is a real request."""

import re
from pathlib import Path

import pytest

from dlp.policy.advice import advise
from dlp.policy.compile import compile_policy, read_policy
from dlp.policy.explain import parse_request

POLICY = compile_policy(read_policy())
FILE = Path(read_policy().file)

DAY_ONE = {
    "Claude Code talks": ("POST https://api.anthropic.com/v1/messages", "anthropic"),
    "Claude Code counts": (
        "POST https://api.anthropic.com/v1/messages/count_tokens?beta=true",
        "anthropic",
    ),
    "Claude Code renews its login": (
        "POST https://platform.claude.com/v1/oauth/token",
        "anthropic-login",
    ),
    "the OpenAI SDK": ("POST https://api.openai.com/v1/responses", "openai"),
    "realtime": ("GET wss://api.openai.com/v1/realtime?model=x", "openai"),
    "Codex by subscription": (
        "POST https://chatgpt.com/backend-api/codex/responses",
        "codex",
    ),
    "Gemini": (
        "POST https://generativelanguage.googleapis.com/v1beta/models/gemini-x:streamGenerateContent?alt=sse",
        "gemini",
    ),
    "OpenRouter": ("POST https://openrouter.ai/api/v1/chat/completions", "more-models"),
    "Mistral": ("POST https://api.mistral.ai/v1/chat/completions", "more-models"),
    "Copilot": (
        "POST https://api.individual.githubcopilot.com/chat/completions",
        "copilot",
    ),
    "git asks for refs": (
        "GET https://github.com/o/r.git/info/refs?service=git-upload-pack",
        "github-read",
    ),
    "git clones": ("POST https://github.com/o/r.git/git-upload-pack", "github-fetch"),
    "git lfs": (
        "POST https://github.com/o/r.git/info/lfs/objects/batch",
        "github-fetch",
    ),
    "a tarball": ("GET https://codeload.github.com/o/r/tar.gz/v1", "github-read"),
    "a raw file": (
        "GET https://raw.githubusercontent.com/o/r/main/README.md",
        "github-read",
    ),
    "a release": (
        "GET https://release-assets.githubusercontent.com/github-production/1",
        "github-read",
    ),
    "the GitHub API": ("GET https://api.github.com/repos/o/r/issues", "github-read"),
    "GitLab clones": (
        "POST https://gitlab.com/group/sub/r.git/git-upload-pack",
        "gitlab-fetch",
    ),
    "the GitLab API": (
        "GET https://gitlab.com/api/v4/projects/group%2Fr",
        "gitlab-read",
    ),
    "pip": ("GET https://pypi.org/simple/requests/", "python-packages"),
    "a wheel": ("GET https://files.pythonhosted.org/x.whl", "python-packages"),
    "npm": ("GET https://registry.npmjs.org/express", "javascript-packages"),
    "npm, scoped": (
        "GET https://registry.npmjs.org/@types%2fnode",
        "javascript-packages",
    ),
    "npm audit": (
        "POST https://registry.npmjs.org/-/npm/v1/security/advisories/bulk",
        "npm-audit",
    ),
    "cargo": ("GET https://index.crates.io/se/rd/serde", "rust-packages"),
    "go": ("GET https://proxy.golang.org/golang.org/x/net/@v/list", "go-packages"),
    "apt": (
        "GET http://deb.debian.org/debian/dists/trixie/InRelease",
        "system-packages",
    ),
    "docker": (
        "GET https://registry-1.docker.io/v2/library/debian/manifests/latest",
        "container-images",
    ),
    "docker's token": ("GET https://auth.docker.io/token?scope=x", "container-images"),
    "docker's token by POST": ("POST https://auth.docker.io/token", "container-login"),
    "a model": (
        "GET https://huggingface.co/o/m/resolve/main/config.json",
        "hugging-face",
    ),
}


@pytest.mark.parametrize("name", DAY_ONE)
def test_works_without_asking(name):
    line, statement = DAY_ONE[name]
    reach = POLICY.reach("default", parse_request(*line.split(" ")))
    assert (reach.effect, reach.statement) == ("allow", statement)
    assert reach.kind == "plain"
    assert reach.inspect


ASKS = {
    "git push": ("POST https://github.com/o/r.git/git-receive-pack", "github-push"),
    "an issue": ("POST https://api.github.com/repos/o/r/issues", "github-writes"),
    "a merge": ("PUT https://api.github.com/repos/o/r/pulls/1/merge", "github-writes"),
    "GraphQL": ("POST https://api.github.com/graphql", "github-writes"),
    "an upload": (
        "POST https://uploads.github.com/repos/o/r/releases/1/assets",
        "github-writes",
    ),
    "gh auth login": ("POST https://github.com/login/device/code", "github-login"),
    "git push to GitLab": (
        "POST https://gitlab.com/g/s/r.git/git-receive-pack",
        "gitlab-push",
    ),
    "a GitLab issue": (
        "POST https://gitlab.com/api/v4/projects/7/issues",
        "gitlab-push",
    ),
    "git push to Bitbucket": (
        "POST https://bitbucket.org/o/r.git/git-receive-pack",
        "bitbucket-push",
    ),
}


@pytest.mark.parametrize("name", ASKS)
def test_asks_first(name):
    line, statement = ASKS[name]
    reach = POLICY.reach("default", parse_request(*line.split(" ")))
    assert (reach.effect, reach.statement) == ("approve", statement)


REFUSED = {
    "a gist": "POST https://api.github.com/gists",
    "a gist, with a slash": "POST https://api.github.com/gists/",
    "a gist in other letters": "POST https://api.github.com/GISTS",
    "a gist by a detour": "POST https://api.github.com/repos/../gists",
    "a gist in an escape": "POST https://api.github.com/%67ists",
    "a gist page": "GET https://gist.github.com/x",
    "npm publish": "PUT https://registry.npmjs.org/@me%2fmine",
    "twine upload": "POST https://upload.pypi.org/legacy/",
    "docker push": "PUT https://registry-1.docker.io/v2/me/x/manifests/latest",
    "a form on github.com": "POST https://github.com/o/r/issues",
    "a wiki page of GitLab": "POST https://gitlab.com/-/snippets",
    "ChatGPT itself": "POST https://chatgpt.com/backend-api/conversation",
    "the web": "GET https://example.com/",
    "a webhook": "POST https://hooks.slack.com/services/T0/B0/x",
    "a bot": "POST https://api.telegram.org/bot1:x/sendMessage",
    "a paste": "POST https://pastebin.com/api/api_post.php",
    "telemetry": "POST https://statsig.anthropic.com/v1/rgstr",
    "a crash report": "POST https://o1.ingest.sentry.io/api/1/envelope/",
    "metadata": "GET http://169.254.169.254/latest/meta-data/",
    "this machine": "GET http://localhost:80/",
    "SSH": "GET https://github.com:22/",
    "a bucket": "PUT https://storage.googleapis.com/mine/x",
    "a socket to GitHub": "GET wss://github.com/x",
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    reach = POLICY.reach("default", parse_request(*REFUSED[name].split(" ")))
    assert reach.effect in ("deny", "none")


def test_a_pasted_key_does_not_end_a_session_with_a_model():
    models = {"anthropic", "openai", "codex", "gemini", "more-models", "copilot"}
    redacting = {one.id for one in POLICY.statements if one.on_secret == "redact"}
    assert redacting == models


def test_there_is_nothing_to_advise():
    located = read_policy()
    assert advise(located, compile_policy(located), {"default"}) == []


def test_every_statement_is_explained_by_a_comment():
    text = FILE.read_text(encoding="utf-8")
    blocks = text.split("statements:")[1].split("\n\n")
    silent = [
        b for b in blocks if "- id:" in b and not b.lstrip("\n").startswith("  #")
    ]
    assert silent == []


def test_what_is_commented_out_works_once_it_is_not():
    text = FILE.read_text(encoding="utf-8")
    offered = re.sub(
        r"^  # (- id:|  (?:effect|kind|hosts|methods):)",
        r"  \1",
        text,
        flags=re.MULTILINE,
    ).replace("# pinned:", "pinned:")
    from dlp.policy.schema import PolicyModel
    from dlp.rulefile import parse_model

    more = compile_policy(parse_model(offered.encode(), "p.yaml", PolicyModel))
    known = {one.id for one in POLICY.statements}
    added = {one.id for one in more.statements} - known
    assert added == {
        "read-the-web",
        "search",
        "clawhub",
        "telegram",
        "slack",
        "discord",
    }
    web = more.reach("default", parse_request("GET", "https://example.com/"))
    assert (web.effect, web.kind) == ("allow", "open")
