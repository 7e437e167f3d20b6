import re
from dataclasses import replace

from dlp.audit.forms import cef
from tests.audit.forms.conftest import LINES


def text(line):
    (made,) = cef.render(line)
    return made.decode()


def test_the_form(any_line):
    assert re.fullmatch(
        r"CEF:0\|agent-dlp\|agent-dlp\|[^|]+\|[^|]+\|[^|]+\|\d+\|\w+=.*", text(any_line)
    )


def test_a_refusal():
    made = text(LINES["block"])
    assert "|content|block content|10|rt=1700000000000 externalId=dlp-1 " in made
    assert " suser=builder dhost=api.example.com dpt=443 " in made
    assert " request=https://api.example.com:443/v1/messages " in made
    assert made.endswith("cs3Label=findings cs3=github-token,prod-db")


def test_separators_are_escaped():
    data = LINES["denied"].data | {"rule": "a=b\\c\nd", "reason": "x|y\\z"}
    made = text(replace(LINES["denied"], data=data))
    assert "cs1=a\\=b\\\\c\\nd" in made
    assert "|x\\|y\\\\z|" in made
    assert "\n" not in made
