import pytest

from dlp.policy.suffixes import shared_suffix, tenant_in_path

SHARED = {
    "a registry": ("com", "com"),
    "a registry of two labels": ("co.uk", "co.uk"),
    "a registry by wildcard": ("anything.ck", "anything.ck"),
    "a registry in Unicode": ("xn--p1ai", "xn--p1ai"),
    "an unknown top level": ("notatld", "notatld"),
    "pages for everybody": ("github.io", "github.io"),
    "workers for everybody": ("workers.dev", "workers.dev"),
    "newer than the list": ("pages.dev", "pages.dev"),
    "buckets": ("s3.amazonaws.com", "s3.amazonaws.com"),
    "buckets of a region": ("s3.eu-west-1.amazonaws.com", "s3.eu-west-1.amazonaws.com"),
    "gateways of a region": (
        "execute-api.us-east-1.amazonaws.com",
        "execute-api.us-east-1.amazonaws.com",
    ),
    "blobs": ("blob.core.windows.net", "blob.core.windows.net"),
    "models of tenants": ("openai.azure.com", "openai.azure.com"),
}
OWNED = {
    "a company": "github.com",
    "below a registry": "example.co.uk",
    "one bucket": "mine.s3.amazonaws.com",
    "one tenant's pages": "mine.github.io",
    "a private top level": "internal",
    "below a private top level": "corp.internal",
    "one storage account": "mine.blob.core.windows.net",
}


@pytest.mark.parametrize("name", SHARED)
def test_anybody_can_get_a_host_there(name):
    domain, suffix = SHARED[name]
    assert shared_suffix(domain) == suffix


@pytest.mark.parametrize("name", OWNED)
def test_the_hosts_there_have_one_owner(name):
    assert shared_suffix(OWNED[name]) == ""


def test_a_parent_of_a_shared_suffix_is_shared():
    assert shared_suffix("amazonaws.com").endswith(".amazonaws.com")
    assert shared_suffix("windows.net").endswith(".windows.net")
    assert shared_suffix("sentry.io").endswith(".sentry.io")


def test_hosts_whose_tenants_are_in_the_path():
    assert tenant_in_path("storage.googleapis.com")
    assert not tenant_in_path("api.github.com")
