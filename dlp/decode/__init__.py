"""
bytes -> views: every text a recipient could recover from a message.

`decode` with its `Recall` and `Spent`, `uncoded` for bodies that are rewritten, and the
`patterns` that one may compile beforehand, is all that others use. The raw bytes of
each part are always a view; a decoder adds, never replaces. The steps of a view's path
are a part (`body`, `target`, `host`, `method`, `frame`, `header:NAME`,
`trailer:NAME`), a place in it (`query:NAME`, `$.messages[3].content`, `form:NAME`,
`part:NAME`, `cookie:NAME`) or a decoder (`gzip`).
"""

from dlp.decode.budget import Spent
from dlp.decode.compressed.transfer import uncoded
from dlp.decode.recall import Recall
from dlp.decode.table import patterns
from dlp.decode.work import decode

__all__ = ["Recall", "Spent", "decode", "patterns", "uncoded"]
