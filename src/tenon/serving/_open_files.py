"""How many connections fit into the files that this process may open."""

from __future__ import annotations

import resource

MAX_OPEN_FILES = 65_536
"""Files that the server asks for at most; a container's limit may be a billion, which would bound nothing."""


def raise_open_files_limit() -> None:
    """Raise this process's soft limit of open files towards its hard limit, up to ``MAX_OPEN_FILES``.

    The usual soft limit of 1024 is there for programs that call ``select``; a server would run out of connections.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(MAX_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def max_rest_connections() -> int:
    """Return how many REST connections may be open at once: half of the soft limit of open files.

    The other half is for gRPC, models and the compile cache. More connections wait in the kernel until others close.

    Example:
        >>> 1 <= max_rest_connections() <= MAX_OPEN_FILES // 2
        True
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(1, min(soft if soft != resource.RLIM_INFINITY else MAX_OPEN_FILES, MAX_OPEN_FILES) // 2)
