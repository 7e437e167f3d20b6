"""A drawn value under a name that promises a secret is found however it is written."""

import random
import re

import pytest

from dlp.detect.confirm import Detector
from dlp.detect.rules import load_rules
from dlp.detect.samples import fires
from dlp.detect.templates import expand

SPELLINGS = {
    "A_B": lambda words: "_".join(words).upper(),
    "a_b": "_".join,
    "a-b": "-".join,
    "a.b": ".".join,
    "a b": " ".join,
    "aB": lambda words: words[0] + "".join(word.title() for word in words[1:]),
    "AB": lambda words: "".join(word.title() for word in words),
    "A-B": lambda words: "-".join(word.title() for word in words),
}
NOTATIONS = {
    "A_B": [
        "N=V", "export N='V'", 'PORT=1\nN="V"\nDEBUG=0\n', "- name: N\n  value: V\n",
        "env:\n  N: V\n", "environment:\n  - N=V\n", "N: str = 'V'", 'os.environ["N"] = "V"',
        'os.getenv("N", "V")', 'os.getenv("N") or "V"', "process.env.N = 'V'",
        'const t = process.env.N ?? "V";', "const t = process.env.N || 'V';",
        'os.Setenv("N", "V")', 'const N: &str = "V";', "pub static N: &'static str = \"V\";",
        'private static final String N = "V";', 'const val N: String = "V"',
        "define('N', 'V');", "putenv('N=V');", "ENV['N'] = 'V'", "ENV.fetch('N', 'V')",
        'Sys.setenv(N = "V")', '#define N "V"', '$env:N = "V"', "set -gx N V", "setenv N V",
        'set "N=V"', 'setx N "V"', "N=V python app.py", "docker run -e N=V image",
        "ENV N=V", "ENV N V", "docker build --build-arg N=V .", "heroku config:set N=V",
        'gh secret set N --body "V"', "N ?= V", 'set(N "V")', 'Environment="N=V"',
    ],
    "a_b": [
        '{"N": "V"}', '{"body": "{\\"N\\": \\"V\\"}"}', "N: |\n  V\n", "N: >-\n  V\n",
        "N: &key V\n", "N: !str V\n", '[auth]\nN = "V"\n', '<string name="N">V</string>',
        'client = Client(N="V", n=3)', "cfg = {'N': 'V'}", 'N = f"V"', 'N = b"V"',
        'if N == "V":', "N=SecretStr('V')", 'let N = String::from("V");',
        'Config { N: "V".to_string() }', 'map.put("N", "V");', 'mapOf("N" to "V")',
        "'N' => 'V',", "{ N: 'V' }", ":N => 'V'", "config.N = 'V'", "my $N = 'V';",
        'local N = "V"', 'N <- "V"', '{N, "V"}', '{N, <<"V">>}', 'static const char N[] = "V";',
        'const char *N = "V";', 'variable "N" {\n  default = "V"\n}', "export TF_VAR_N=V",
        "--from-literal=N=V", "https://api.acme.test/v1?x=1&N=V", "a=1&N=V&b=2",
        'Content-Disposition: form-data; name="N"\r\n\r\nV\r\n', "Cookie: a=b; N=V",
        '{"key": "N", "value": "V"}', "INSERT INTO s VALUES ('N', 'V');",
        "SELECT * FROM t WHERE N='V'", "name,value\nN,V\n", "N\tV", "DEBUG auth N=V user=7",
        "# N: V", "<td>N</td><td>V</td>", 'x = config("N", default="V")',
    ],
    "aB": [
        '{"a":1,"N":"V"}', "<N>V</N>", '<cfg N="V"/>', "<key>N</key>\n<string>V</string>",
        "const N = `V`;", "private readonly N: string = 'V';", 'const N = "V" as const;',
        'N := "V"', 'var N string = "V"', 'N := []byte("V")', '.N("V")', 'val N = "V"',
        'let N: String = "V"', 'NSString *N = @"V";', '$N = "V";', "$this->N = 'V';",
        "final String N = 'V';", 'std::string N{"V"};', "N 'V'", "param N string = 'V'",
        'N: SecretValue.unsafePlainText("V")', 'login(N: "V") { id }', "// N = 'V'",
        "Config(N=V, port=80)",
    ],
    "AB": [
        '<add key="N" value="V" />', 'new N("V")', 'cfg := Config{N: "V"}',
        'public const string N = "V";', '["N"] = "V"', 'Dim N As String = "V"', "N := 'V';",
        "Connect-Acme -N V", "Parameters:\n  N:\n    Default: V\n", "{N:V Port:80}",
    ],
    "a-b": [
        "acmectl --N=V list", "acmectl login --N V", '["--N", "V"]', '{:N "V"}',
        '<meta name="N" content="V">', '<div data-N="V"></div>',
    ],
    "a.b": [
        "N=V", "app.N: V", '<property name="N" value="V"/>', "java -DN=V -jar app.jar",
        "<property>\n  <name>N</name>\n  <value>V</value>\n</property>",
        'System.setProperty("N", "V");', "helm install x --set N=V",
    ],
    "a b": [
        "The N is V.", "My N: V", "the N for production: V", "our new N (V) works",
        "Set the N to `V` and restart.", "| N | V |", "- **N**: V", "please try N → V",
        "mein N ist V", "the N that we use: V", "N (of the stage): V", "N for prod -> V",
        "N - V", "N \u2013 V", "> N\n> V\n", "the N-V here",
    ],
    "A-B": ["X-N: V\r\n", 'headers = {"X-N": "V"}', "curl -H 'X-N: V' https://acme.test"],
}  # fmt: skip
NAMES = [
    ["quorvex", "api", "key"], ["blimtora", "access", "token"], ["zentrify", "secret"],
    ["personal", "access", "token"], ["klarvo", "client", "secret"],
]  # fmt: skip
VALUES = [
    "{hex:32}", "{HEX:40}", "{alnum:24}", "{alnum:40}", "{loweralnum:32}", "{upperalnum:32}",
    "{base64url:43}", "{base64:44}", "{base32:32}", "{uuid}",
]  # fmt: skip
CASES = [(spelling, text) for spelling, texts in NOTATIONS.items() for text in texts]


@pytest.fixture(scope="module")
def generic():
    """The rules that know no vendor."""
    rules = (rule for rule in load_rules() if rule.family == "generic")
    return [Detector(rule, examples=False) for rule in rules]


_PLACE = re.compile(r"(?<![A-Za-z])[NV](?![A-Za-z])|(?<=-D)N(?==)")


def written(spelling, text, name, value):
    """The text with the name at N and the value at V."""
    filling = {"N": SPELLINGS[spelling](name), "V": value}
    return _PLACE.sub(lambda place: filling[place[0]], text)


@pytest.mark.parametrize(("spelling", "text"), CASES, ids=[t for _, t in CASES])
def test_found(generic, spelling, text):
    """Of five draws four at least: one may look like a word or a number."""
    source = random.Random(text)
    found = 0
    for name in NAMES:
        value = expand(source.choice(VALUES), source.randrange(1 << 30))
        data = written(spelling, text, name, value).encode()
        found += any(fires(detector, data) for detector in generic)
    assert found >= 4
