"""How each framework does a task, as its users would write it; one file for each.

Every file has ``runner(task)``, which returns a ``Runner`` or raises ``RefusedError``. A file imports its framework, so
that a worker needs no other.
"""
