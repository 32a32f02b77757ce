"""Checkpoints: the values of a graph of objects, written, kept, listed and given back, also to objects made later."""

import tempfile
from pathlib import Path

import numpy as np

from tests.interop.guides._results import caught, collect


def run(tf):
    return collect(
        tf,
        *(saving_and_restoring, listed, reading_by_hand, managed, manager_options, training_with_a_manager),
        *(delayed_restoration, containers, parts_only, asserting, keras_weights, optimisers, several_dtypes),
        *(own_structure, numpy_and_python_state, dynamic_objects, refused),
    )


def folder():
    return Path(tempfile.mkdtemp())


def plant_class(tf):
    class Plant(tf.Module):
        """Own two variables, one of them in a part."""

        def __init__(self, fill=1.0):
            super().__init__()
            self.stem = tf.Module(name="stem")
            self.stem.kernel = tf.Variable(tf.fill([3, 2], fill), name="kernel")
            self.shift = tf.Variable([fill, -fill], name="shift")

        def __call__(self, x):
            return x @ self.stem.kernel + self.shift

    return Plant


def saving_and_restoring(tf):
    make, prefix = plant_class(tf), str(folder() / "ckpt")
    plant = make(2.0)
    step = tf.Variable(7, dtype=tf.int64)
    checkpoint = tf.train.Checkpoint(step=step, plant=plant)
    path = checkpoint.save(prefix)
    second = checkpoint.save(file_prefix=prefix)
    plant.shift.assign([0.0, 0.0])
    step.assign(0)
    status = checkpoint.restore(path)
    status.assert_consumed()
    return {
        "names": [Path(path).name, Path(second).name],
        "shift": plant.shift,
        "step": step,
        "kernel": plant.stem.kernel,
        "save counter": checkpoint.save_counter,
        "latest": Path(tf.train.latest_checkpoint(str(Path(prefix).parent))).name,
        "files": sorted(file.name for file in Path(prefix).parent.iterdir()),
        "none yet": tf.train.latest_checkpoint(str(folder())),
    }


def listed(tf):
    checkpoint = tf.train.Checkpoint(plant=plant_class(tf)(), step=tf.Variable(1))
    path = checkpoint.save(str(folder() / "ckpt"))
    return {
        "variables": [[name, list(shape)] for name, shape in tf.train.list_variables(path)],
        "exists": tf.io.gfile.exists(path + ".index"),
        "text state": tf.train.get_checkpoint_state(str(Path(path).parent)).model_checkpoint_path == path,
    }


def reading_by_hand(tf):
    checkpoint = tf.train.Checkpoint(plant=plant_class(tf)(3.0), step=tf.Variable(5))
    path = checkpoint.save(str(folder() / "ckpt"))
    reader = tf.train.load_checkpoint(str(Path(path).parent))
    shapes, dtypes = reader.get_variable_to_shape_map(), reader.get_variable_to_dtype_map()
    key = "plant/stem/kernel/.ATTRIBUTES/VARIABLE_VALUE"
    return {
        "shape": list(shapes[key]),
        "dtype": dtypes[key].name,
        "keys": sorted(shapes),
        "tensor": reader.get_tensor(key),
        "has": [reader.has_tensor(key), reader.has_tensor("nothing")],
        "load_variable": tf.train.load_variable(path, "step/.ATTRIBUTES/VARIABLE_VALUE"),
    }


def managed(tf):
    step = tf.Variable(0)
    checkpoint = tf.train.Checkpoint(step=step)
    where = str(folder() / "managed")
    manager = tf.train.CheckpointManager(checkpoint, where, max_to_keep=3)
    before = manager.latest_checkpoint
    for _ in range(5):
        step.assign_add(10)
        manager.save()
    fresh = tf.Variable(0)
    tf.train.Checkpoint(step=fresh).restore(manager.latest_checkpoint)
    oldest = tf.Variable(0)
    tf.train.Checkpoint(step=oldest).restore(manager.checkpoints[0])
    again = tf.train.CheckpointManager(tf.train.Checkpoint(step=fresh), where, max_to_keep=3)
    return {
        "before": before,
        "kept": [Path(path).name for path in manager.checkpoints],
        "latest": Path(manager.latest_checkpoint).name,
        "on disk": sorted(path.name for path in Path(where).iterdir()),
        "restored": [fresh, oldest],
        "found by another manager": [Path(path).name for path in again.checkpoints],
        "directory": manager.directory == where,
    }


def manager_options(tf):
    step = tf.Variable(0, dtype=tf.int64)
    checkpoint = tf.train.Checkpoint(step=step)
    by_steps = tf.train.CheckpointManager(
        checkpoint, str(folder()), max_to_keep=None, step_counter=step, checkpoint_interval=3, checkpoint_name="model"
    )
    saved = []
    for _ in range(7):
        path = by_steps.save()
        saved.append(None if path is None else Path(path).name)
        step.assign_add(1)
    numbered = tf.train.CheckpointManager(checkpoint, str(folder()), max_to_keep=1)
    named = [Path(numbered.save(checkpoint_number=number)).name for number in (100, 200)]
    empty = tf.train.CheckpointManager(
        tf.train.Checkpoint(step=step), str(folder()), max_to_keep=1, init_fn=lambda: step.assign(99)
    )
    restored = empty.restore_or_initialize()
    return {"saved": saved, "named": named, "initialised": [restored, step]}


def training_with_a_manager(tf):
    """Stop after some steps, make everything anew and go on: the losses are those of a run without a stop."""
    x = tf.constant(np.sin(np.arange(30)).reshape(10, 3), tf.float32)
    y = tf.constant(np.cos(np.arange(20)).reshape(10, 2), tf.float32)
    where = str(folder())

    def train(steps):
        plant, optimizer, step = plant_class(tf)(0.5), tf.keras.optimizers.Adam(0.1), tf.Variable(0)
        optimizer.build([plant.stem.kernel, plant.shift])
        checkpoint = tf.train.Checkpoint(step=step, optimizer=optimizer, plant=plant)
        manager = tf.train.CheckpointManager(checkpoint, where, max_to_keep=2)
        checkpoint.restore(manager.latest_checkpoint)
        losses = [int(step)]
        for _ in range(steps):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.abs(plant(x) - y))
            variables = [plant.stem.kernel, plant.shift]
            optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
            step.assign_add(1)
            losses.append(float(loss))
        manager.save()
        return losses

    first, second = train(4), train(3)
    whole = []
    where = str(folder())
    whole = train(7)
    return {
        "first": first,
        "second": second,
        "as one run": bool(np.allclose(first[1:] + second[1:], whole[1:], atol=1e-6)),
    }


def delayed_restoration(tf):
    """Restore into objects that do not exist yet: they get their values when they are attached."""
    saved = tf.Module()
    saved.height, saved.rings = tf.Variable([3.5]), tf.Variable([[9.0, 8.0, 7.0]])
    path = tf.train.Checkpoint(tree=saved, year=tf.Variable(2020)).save(str(folder() / "ckpt"))
    height = tf.Variable([0.0])
    tree = tf.train.Checkpoint(height=height)
    root = tf.train.Checkpoint(tree=tree)
    status = root.restore(path)
    at_once = height.numpy()
    rings = tf.Variable(tf.zeros([1, 3]))
    early = caught(status.assert_consumed, AssertionError)
    before = rings.numpy()
    tree.rings = rings
    after = rings.numpy()
    status.assert_existing_objects_matched()
    root.year = tf.Variable(0)
    status.assert_consumed()
    return {"at once": at_once, "attached": [before, after], "year": root.year, "too early": early}


def containers(tf):
    """Variables in lists and dictionaries have their places for names."""
    forest = tf.train.Checkpoint(rows=[tf.Variable(10.0), tf.Variable(20.0)])
    forest.rows.append(tf.Variable(30.0))
    forest.kinds = {"oak": tf.Variable([1, 2])}
    forest.kinds["ash"] = forest.rows[1]
    path = forest.save(str(folder() / "forest"))
    other = tf.train.Checkpoint()
    ash, last = tf.Variable(0.0), tf.Variable(0.0)
    other.kinds = {"ash": ash}
    other.restore(path).expect_partial()
    other.rows = [tf.Variable(0.0), tf.Variable(0.0)]
    other.rows.append(last)
    return {
        "by name": ash,
        "by position": last,
        "restored late": other.rows[0],
        "names": sorted(name for name, _ in tf.train.list_variables(path)),
        "lengths": [len(forest.rows), len(forest.kinds)],
    }


def parts_only(tf):
    make = plant_class(tf)
    trained = make(4.0)
    path = tf.train.Checkpoint(plant=trained, step=tf.Variable(3)).write(str(folder() / "weights"))
    fresh = make(0.0)
    tf.train.Checkpoint(plant=tf.train.Checkpoint(shift=fresh.shift)).read(path).expect_partial()
    shift, kernel_before = fresh.shift.numpy(), fresh.stem.kernel.numpy()
    tf.train.Checkpoint(plant=fresh).restore(path).expect_partial()
    path_of_root = tf.train.Checkpoint(trained).write(str(folder() / "root"))
    return {
        "shift": shift,
        "kernel before": kernel_before,
        "kernel": fresh.stem.kernel,
        "names of a root": [name for name, _ in tf.train.list_variables(path_of_root)],
    }


def asserting(tf):
    path = tf.train.Checkpoint(a=tf.Variable(1.0), b=tf.Variable(2.0)).write(str(folder() / "two"))
    fewer, more = tf.train.Checkpoint(a=tf.Variable(0.0)), tf.train.Checkpoint(a=tf.Variable(0.0), c=tf.Variable(0.0))
    none = tf.train.Checkpoint(z=tf.Variable(0.0))
    return {
        "fewer is not consumed": caught(lambda: fewer.read(path).assert_consumed(), AssertionError),
        "fewer is matched": caught(lambda: fewer.read(path).assert_existing_objects_matched(), AssertionError),
        "more is not matched": caught(lambda: more.read(path).assert_existing_objects_matched(), AssertionError),
        "some": caught(lambda: more.read(path).assert_nontrivial_match(), AssertionError),
        "none": caught(lambda: none.read(path).assert_nontrivial_match(), AssertionError),
    }


def keras_weights(tf):
    def make():
        return tf.keras.Sequential([tf.keras.Input([2]), tf.keras.layers.Dense(3, "relu"), tf.keras.layers.Dense(1)])

    model, fresh = make(), make()
    path = str(folder() / "model.weights.h5")
    model.save_weights(path)
    fresh.load_weights(path)
    x = tf.constant([[1.0, -1.0], [0.5, 2.0]])
    by_checkpoint = make()
    saved = tf.train.Checkpoint(model=model).write(str(folder() / "keras"))
    tf.train.Checkpoint(model=by_checkpoint).read(saved).expect_partial()
    return {
        "weights file": bool(np.allclose(model(x).numpy(), fresh(x).numpy())),
        "checkpoint": bool(np.allclose(model(x).numpy(), by_checkpoint(x).numpy())),
    }


def optimisers(tf):
    v = tf.Variable([1.0, 2.0])
    optimizer = tf.keras.optimizers.SGD(0.1, momentum=0.9)
    optimizer.build([v])

    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(v**2)
        optimizer.apply_gradients([(tape.gradient(loss, v), v)])
        return v.numpy().copy()

    step()
    checkpoint = tf.train.Checkpoint(v=v, optimizer=optimizer)
    path = checkpoint.write(str(folder() / "optimizer"))
    first = [step(), step()]
    checkpoint.read(path)
    return {"values": first, "again": [step(), step()], "iterations": int(optimizer.iterations.numpy())}


def several_dtypes(tf):
    values = {
        "double": tf.Variable(1 / 3, dtype=tf.float64),
        "half": tf.Variable([1.5, 2.5], dtype=tf.float16),
        "brain": tf.Variable([1.5, 2.5], dtype=tf.bfloat16),
        "long": tf.Variable(2**40, dtype=tf.int64),
        "flag": tf.Variable([True, False]),
        "text": tf.Variable(["oak", ""]),
        "complex": tf.Variable(1 + 2j),
        "empty": tf.Variable(tf.zeros([0, 3])),
        "byte": tf.Variable(tf.cast([1, 255], tf.uint8)),
    }
    checkpoint = tf.train.Checkpoint(**values)
    path = checkpoint.write(str(folder() / "dtypes"))
    reader = tf.train.load_checkpoint(path)
    read = {name: reader.get_tensor(f"{name}/.ATTRIBUTES/VARIABLE_VALUE") for name in values}
    values["double"].assign(0.0)
    values["text"].assign(["x", "y"])
    checkpoint.read(path).assert_consumed()
    return read | {
        "restored": [values["double"].numpy() == 1 / 3, values["text"].numpy().tolist()],
        "dtypes": sorted(dtype.name for dtype in reader.get_variable_to_dtype_map().values()),
    }


def own_structure(tf):
    class Tower(tf.train.Checkpoint):
        pass

    shared = tf.Variable(1.0)
    tower = Tower(left=tf.train.Checkpoint(v=shared), right=tf.train.Checkpoint(v=shared, w=tf.Variable(2.0)))
    path = tower.write(str(folder() / "shared"))
    shared.assign(50.0)
    tower.read(path).assert_consumed()
    return {"names": [name for name, _ in tf.train.list_variables(path)], "shared": shared}


def numpy_and_python_state(tf):
    numbers = [tf.Variable(float(n)) for n in range(3)]
    checkpoint = tf.train.Checkpoint(numbers=numbers, nested={"a": [tf.Variable(10.0)], "b": {"c": tf.Variable(20.0)}})
    path = checkpoint.write(str(folder() / "nested"))
    for number in numbers:
        number.assign(-1.0)
    checkpoint.read(path)
    return {"numbers": numbers, "names": [name for name, _ in tf.train.list_variables(path)]}


def dynamic_objects(tf):
    class Lazy(tf.Module):
        def __init__(self):
            super().__init__()
            self.w = None

        def __call__(self, x):
            if self.w is None:
                self.w = tf.Variable(tf.zeros([x.shape[-1]]))
            return x * self.w

    lazy = Lazy()
    lazy(tf.ones([3]))
    lazy.w.assign([1.0, 2.0, 3.0])
    path = tf.train.Checkpoint(lazy=lazy).write(str(folder() / "lazy"))
    fresh = Lazy()
    status = tf.train.Checkpoint(lazy=fresh).read(path)
    result = fresh(tf.ones([3]))
    status.assert_consumed()
    return {"restored when created": result}


def refused(tf):
    checkpoint = tf.train.Checkpoint(v=tf.Variable([1.0, 2.0]))
    path = checkpoint.write(str(folder() / "v"))
    other_shape = tf.train.Checkpoint(v=tf.Variable([1.0, 2.0, 3.0]))
    return {
        "no such file": caught(lambda: checkpoint.restore("/nowhere/ckpt-1"), tf.errors.NotFoundError),
        "other shape": caught(lambda: other_shape.read(path), ValueError, tf.errors.InvalidArgumentError),
        "no such name": caught(
            lambda: tf.train.load_checkpoint(path).get_tensor("none"), tf.errors.NotFoundError, KeyError
        ),
        "not trackable": caught(lambda: tf.train.Checkpoint(number=3), ValueError),
        "restore of nothing": caught(lambda: checkpoint.restore(None).expect_partial(), Exception),
    }
