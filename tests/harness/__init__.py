"""
What end-to-end tests stand on: origins that record, the real proxy, raw clients.

A test starts nothing itself. It asks for the fixtures of tests/e2e/conftest.py, sends
real bytes through the real `dlp up`, and judges by what an origin recorded.

    ca.py       a certificate authority for the origins
    origin.py   recording servers: HTTP/1.1, HTTP/2, WebSocket, bare TCP; plain or TLS
    proxy.py    `dlp up` as a subprocess with its own rules, state, ports and hosts file
    wire.py     a client that sends exactly the bytes it is told
    leaks.py    searches files for a secret in many spellings
"""
