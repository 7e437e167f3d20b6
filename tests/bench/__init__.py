"""
How fast the proxy is, against stock mitmdump in the same run. `make bench`.

Never a test: figures of a shared machine prove nothing on their own. Ratios do, and so
does the CPU time of the proxy per request, which noise hardly moves.

    origin.py    an HTTP/1.1 server that answers as fast as asyncio can
    load.py      a client that keeps N connections busy and times every request
    contender.py the proxies under test as processes: stock mitmdump, `dlp up`, slim
    __main__.py  the scenarios and the table
"""
