"""
`dlp doctor`: what is wrong with the way the proxy is set up here.

Strategy: `Picture` says where to look and for whom; everything it reads of the machine
stands below its `root`, so that a test can lay out another machine in a folder. A check
is a row (`check.Check`) whose `look` yields a sentence for each thing that is wrong;
the rows of an area stand in its module, all of them in `table.CHECKS`.

Rule 1: a check that cannot be made raises `CannotTellError`; silence means that it was
made. Rule 2: what is seen of a secret is its name, its place and its kind. Rule 3:
without `probing` nothing leaves this machine, and without a repair nothing is changed.
"""
