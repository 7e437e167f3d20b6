"""A value under a vendor's name is found in every notation, and only there."""

import re

import pytest

from dlp.detect.context.named import compose

VALUE = "0123456789abcdef" * 2
PATTERN = re.compile(
    compose(["acmecloud", "acme cloud", "acm"], "[0-9a-f]{32}"), re.MULTILINE
)

FOUND = [
    "ACME_CLOUD_API_KEY={}",
    "acmecloud.token: {}",
    'acmeCloudSecret = "{}"',
    "'acme-cloud-key' => '{}',",
    '{{"acme_cloud": "{}"}}',
    '{{\\"acme_cloud_token\\": \\"{}\\"}}',
    "<acmeCloudKey>{}</acmeCloudKey>",
    "X-Acme-Cloud-Token: {}",
    "the acme cloud access token is {} now",
    "acme cloud {}",
    "export ACM_KEY={}",
    "my_acm_secret: {}",
    "acmecloud.init(api_key='{}')",
    "client = AcmeCloud('{}')",
    "acme_cloud_api_key|{}|",
    "acme cloud:\n  key: {}\n",
    'ACME_CLOUD_TOKEN ?= "{}"',
    'acmecloud_secret .= "{}";',
    'var acmeCloudToken string = "{}"',
    'acme_cloud_key: str = "{}"',
    'const ACM_KEY: &str = "{}";',
    'static ACM_KEY: &\'static str = "{}";',
    'val acmeCloudKey: String? = "{}"',
    'private readonly acmeCloudKey: string = "{}";',
    '<add key="AcmeCloudKey" value="{}"/>',
    '<input name="acm_key" value="{}">',
    'acm_token:\n  default: "{}"\n',
    '[acmecloud]\napi_key = "{}"\n',
    '["acm"]\n  token: {}\n',
]
PASSED = [
    "unrelated_key={}",
    "acme cloud commit {}",
    "https://acmecloud.test/token/{}",
    "acmecloud@{}",
    "acmecloud#{}",
    "stacm_key={}",
    "acme_cloud_key={}0",
    "[acmecloud]\nrevision = {}\n",
    "acme_cloud_key: strict {}",
    "acme_cloud_key=0{}",
    "acme_cloud_key={}-1",
    "acme_cloud_key={}=",
    "acme_cloud_key_and_some_other_text_that_is_far_too_long={}",
]


@pytest.mark.parametrize("text", FOUND)
def test_found(text):
    found = PATTERN.search(text.format(VALUE))
    assert found
    assert found["secret"] == VALUE


@pytest.mark.parametrize("text", PASSED)
def test_passed(text):
    assert not PATTERN.search(text.format(VALUE))


WORDS = re.compile(compose(["heap", "acmecloud"], "[0-9a-f]{32}"), re.MULTILINE)


@pytest.mark.parametrize(
    "text", ["heap: {}", '{{"heap": "{}"}}', "the heap {} is full", "heap,{}\n"]
)
def test_a_name_that_is_a_word_names_a_key_only_where_it_is_said(text):
    assert not WORDS.search(text.format(VALUE))
    assert WORDS.search(text.format(VALUE).replace("heap", "heap_api_key"))
    assert WORDS.search(text.format(VALUE).replace("heap", "acmecloud"))


def test_names_that_are_all_words_need_no_other_way():
    pattern = re.compile(compose(["heap"], "[0-9a-f]{32}"))
    assert not pattern.search(f"heap={VALUE}")
    assert pattern.search(f"HEAP_TOKEN={VALUE}")
