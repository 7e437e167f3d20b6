from ipaddress import ip_network

import pytest

from dlp.policy.addresses import may_connect

CLOSED = {
    "loopback": "127.0.0.1",
    "loopback, other": "127.255.255.254",
    "this network": "0.0.0.0",
    "private 10": "10.1.2.3",
    "private 172": "172.16.0.1",
    "private 192": "192.168.1.1",
    "link-local": "169.254.1.1",
    "metadata": "169.254.169.254",
    "metadata, Alibaba": "100.100.100.200",
    "metadata, Oracle": "192.0.0.192",
    "metadata, AWS IPv6": "fd00:ec2::254",
    "platform, Azure": "168.63.129.16",
    "shared (CGNAT)": "100.64.0.1",
    "multicast": "224.0.0.1",
    "broadcast": "255.255.255.255",
    "reserved": "240.0.0.1",
    "benchmark": "198.18.0.1",
    "IPv6 loopback": "::1",
    "IPv6 unspecified": "::",
    "IPv6 link-local": "fe80::1",
    "IPv6 zone": "2606:4700::1%eth0",
    "IPv6 unique local": "fd12::1",
    "IPv6 site-local": "fec0::1",
    "IPv6 multicast": "ff02::1",
    "mapped loopback": "::ffff:127.0.0.1",
    "compatible loopback": "::127.0.0.1",
    "NAT64 of loopback": "64:ff9b::7f00:1",
    "NAT64 of metadata": "64:ff9b::a9fe:a9fe",
    "local NAT64": "64:ff9b:1::1",
    "6to4 of private": "2002:0a00:0001::1",
    "Teredo": "2001::1",
    "documentation": "2001:db8::1",
    "no address": "github.com",
    "empty": "",
}
OPEN = {
    "IPv4": "140.82.121.4",
    "IPv6": "2606:4700::1",
    "mapped": "::ffff:140.82.121.4",
    "NAT64": "64:ff9b::8c52:7904",
    "6to4": "2002:8c52:7904::1",
}


@pytest.mark.parametrize("case", CLOSED)
def test_closed_by_default(case):
    assert not may_connect(CLOSED[case])


@pytest.mark.parametrize("case", OPEN)
def test_public(case):
    assert may_connect(OPEN[case])


def test_an_opened_network_admits_its_addresses_and_no_others():
    opened = [ip_network("10.0.0.0/8"), ip_network("::1/128")]
    assert may_connect("10.1.2.3", opened)
    assert may_connect("::ffff:10.1.2.3", opened)
    assert may_connect("::1", opened)
    assert not may_connect("192.168.1.1", opened)
    assert not may_connect("127.0.0.1", opened)
