"""Write or read a checkpoint: `python -m tests.interop.compat_programs.saving tenon write FOLDER`."""

from __future__ import annotations

import importlib
import sys

import numpy as np


def build(tf):
    with tf.variable_scope("layer"):
        w = tf.get_variable("w", [2, 3], initializer=tf.ones_initializer())
        b = tf.get_variable("b", [3], tf.float64, initializer=tf.zeros_initializer())
    step = tf.train.get_or_create_global_step()
    loss = tf.reduce_sum(tf.square(tf.matmul([[1.0, 2.0]], w) + tf.cast(b, tf.float32)))
    train = tf.train.AdamOptimizer(0.1).minimize(loss, global_step=step, var_list=[w])
    return w, b, step, train


def write(tf, folder):
    _, b, step, train = build(tf)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run([train, b.assign([1.0, 2.0, 3.0])])
        values = {v.op.name: session.run(v) for v in tf.global_variables()}
        path = tf.train.Saver().save(session, f"{folder}/model", global_step=step)
        assert path == f"{folder}/model-1"
    np.savez(f"{folder}/expected.npz", **{name.replace("/", "|"): value for name, value in values.items()})


def read(tf, folder):
    build(tf)
    path = tf.train.latest_checkpoint(folder)
    with tf.Session() as session, np.load(f"{folder}/expected.npz") as expected:
        tf.train.Saver().restore(session, path)
        names = {v.op.name.replace("/", "|") for v in tf.global_variables()}
        assert names == set(expected.files), names ^ set(expected.files)
        for variable in tf.global_variables():
            found = session.run(variable)
            assert found.dtype == expected[variable.op.name.replace("/", "|")].dtype
            np.testing.assert_array_equal(found, expected[variable.op.name.replace("/", "|")])


if __name__ == "__main__":
    library, action, folder = sys.argv[1:]
    tf = importlib.import_module(f"{library}.compat.v1")
    tf.disable_v2_behavior()
    {"write": write, "read": read}[action](tf, folder)
