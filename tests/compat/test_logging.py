from __future__ import annotations

import logging

from tests.compat.v1 import tf


def test_messages_go_to_pythons_logger(caplog):
    before = tf.logging.get_verbosity()
    tf.logging.set_verbosity(tf.logging.INFO)
    try:
        tf.logging.info("step %d", 3)
        tf.logging.debug("unseen")
        tf.logging.warn("careful")
        tf.logging.error("wrong")
        tf.logging.fatal("end")
    finally:
        tf.logging.set_verbosity(before)
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.INFO, "step 3"),
        (logging.WARNING, "careful"),
        (logging.ERROR, "wrong"),
        (logging.CRITICAL, "end"),
    ]


def test_files_have_their_old_names(tmp_path):
    path = str(tmp_path / "a" / "b")
    tf.gfile.MakeDirs(path)
    with tf.gfile.Open(path + "/text", "w") as file:
        file.write("hello")
    assert tf.gfile.Exists(path + "/text")
    assert tf.gfile.ListDirectory(path) == ["text"]
    assert tf.gfile.FastGFile(path + "/text").read() == "hello"
    tf.gfile.DeleteRecursively(path)
    assert not tf.gfile.IsDirectory(path)
