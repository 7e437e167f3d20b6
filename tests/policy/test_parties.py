"""Whose a host is, and which hosts a token is for."""

import pytest

from dlp.policy.parties import at_home, meant_for

FOR = {
    "vault.azure.net": ["team.vault.azure.net"],
    "storage.azure.com": ["acct.blob.core.windows.net", "acct.dfs.core.windows.net"],
    "management.core.windows.net": ["management.azure.com"],
    "servicebus.azure.net": ["bus.servicebus.windows.net"],
    "containerregistry.azure.net": ["team.azurecr.io"],
    "registry.docker.io": ["registry-1.docker.io"],
    "sts.amazonaws.com": ["sts.eu-west-1.amazonaws.com"],
    "api.example.com": ["api.example.com", "v2.api.example.com", "www.example.com"],
    "svc-a1.a.run.app": ["svc-a1.a.run.app"],
}
NOT_FOR = [
    ("api.example.com", "example.org"),
    ("team.github.io", "other.github.io"),
    ("vault.azure.net", "vault.azure.net.example.com"),
    ("storage.azure.com", "bucket.s3.amazonaws.com"),
    ("192.0.2.1", "192.0.2.2"),
]


@pytest.mark.parametrize(
    ("named", "host"), [(name, host) for name, hosts in FOR.items() for host in hosts]
)
def test_an_audience_names_a_service_and_not_each_of_its_hosts(named, host):
    assert meant_for(host, named)


@pytest.mark.parametrize(("named", "host"), NOT_FOR)
def test_the_hosts_of_others_are_not_meant(named, host):
    assert not meant_for(host, named)


@pytest.mark.parametrize(
    ("host", "names", "expected"),
    [
        ("a.example.com", ["*.example.com"], True),
        ("a.example.com", ["a.example.com"], True),
        ("example.org", ["*.example.com"], False),
        ("sts.us-east-1.amazonaws.com", ["*.amazonaws.com"], True),
        ("theirs.s3.amazonaws.com", ["*.amazonaws.com"], False),
        ("theirs.s3.us-east-1.amazonaws.com", ["*.amazonaws.com"], False),
        ("theirs.s3.amazonaws.com", ["theirs.s3.amazonaws.com"], True),
        ("theirs.cloudapp.azure.com", ["*.azure.com"], False),
        ("management.azure.com", ["*.azure.com"], True),
        ("x.someone.github.io", ["*.someone.github.io"], True),
    ],
)
def test_what_anybody_can_get_below_a_name_is_not_its_owners(host, names, expected):
    assert at_home(host, names) is expected
