"""The log of a server process."""

import json
import logging
from contextlib import contextmanager

import pytest

from tenon.base import InvalidArgumentError
from tenon.serving.telemetry import log_to_stderr


@contextmanager
def bare_root():
    """Yield the root logger without handlers, and put everything back."""
    logger, jax = logging.getLogger(), logging.getLogger("jax")
    handlers, level, jax_level = logger.handlers[:], logger.level, jax.level
    logger.handlers[:] = []
    try:
        yield logger
    finally:
        logger.handlers[:] = handlers
        logger.setLevel(level)
        jax.setLevel(jax_level)


def test_the_last_format_holds_and_each_record_is_written_once(capsys):
    with bare_root():
        log_to_stderr("text")
        logging.getLogger("tenon.serving").info("one")
        log_to_stderr("json", worker=3)
        logging.getLogger("tenon.serving").info("two")
        logging.getLogger("jax._src.xla_bridge").info("no TPU")
        first, second = capsys.readouterr().err.splitlines()
        assert first.endswith("one")
        assert (json.loads(second)["message"], json.loads(second)["worker"]) == ("two", 3)


def test_one_process_is_no_worker(capsys):
    with bare_root():
        log_to_stderr("json")
        logging.getLogger("tenon.serving").warning("alone")
        assert "worker" not in json.loads(capsys.readouterr().err)


def test_who_has_set_up_logging_keeps_it():
    with bare_root() as root:
        own = logging.NullHandler()
        root.addHandler(own)
        log_to_stderr("text")
        assert root.handlers == [own]


def test_an_unknown_format_changes_nothing():
    with bare_root() as root:
        with pytest.raises(InvalidArgumentError, match="log_format: must be one of"):
            log_to_stderr("xml")
        assert root.handlers == []
