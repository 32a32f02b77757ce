"""Audits in files, and disks that are full for a while."""

import json
import resource
from contextlib import contextmanager

from tenon.serving.security import AuditConfig, AuditLog, AuditRecord

NOON = 1_900_000_000.25


def record(model="m", **more):
    return AuditRecord(NOON, client="alice", action="predict", model=model, **more)


@contextmanager
def writing(path, **options):
    """Yield an audit log that is closed, and so written to its end, afterwards."""
    log = AuditLog(AuditConfig(path, **options))
    try:
        yield log
    finally:
        log.close()


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@contextmanager
def full_disk(size):
    """No file of this process grows above ``size`` bytes: writes are cut short or refused, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
