"""Debugging and configuration: assertions, numeric checks, functions that run eagerly, devices and switches."""

import os

import numpy as np

from tests.interop.guides._results import caught, collect


def run(tf):
    return collect(
        tf,
        *(
            asserting_values,
            asserting_shapes,
            asserting_in_functions,
            numeric_checks,
            checks_everywhere,
            eager_functions,
        ),
        *(devices, placing, growth_and_visibility, threads, graph_optimizer, versions, error_classes),
        *(error_attributes, nests, gradients_of_checks, logging, timing, determinism),
    )


def asserting_values(tf):
    check = tf.debugging
    wrong = tf.errors.InvalidArgumentError
    a, b = tf.constant([1, 2, 3]), tf.constant([1, 2, 4])
    return {
        "equal": [caught(lambda: check.assert_equal(a, a), wrong), caught(lambda: check.assert_equal(a, b), wrong)],
        "none equal": caught(lambda: check.assert_none_equal(a, b), wrong),
        "less": [caught(lambda: check.assert_less(a, 4), wrong), caught(lambda: check.assert_less(a, 3), wrong)],
        "less or equal": caught(lambda: check.assert_less_equal(b, a), wrong),
        "greater": caught(lambda: check.assert_greater(b, a), wrong),
        "greater or equal": caught(lambda: check.assert_greater_equal(b, a), wrong),
        "positive": caught(lambda: check.assert_positive(a - 1), wrong),
        "negative": caught(lambda: check.assert_negative(a), wrong),
        "non negative": caught(lambda: check.assert_non_negative(a - 1), wrong),
        "non positive": caught(lambda: check.assert_non_positive(a), wrong),
        "near": [
            caught(lambda: check.assert_near([1.0], [1.0 + 1e-7]), wrong),
            caught(lambda: check.assert_near([1.0], [1.1], rtol=0.01), wrong),
        ],
        "Assert": [caught(lambda: check.Assert(True, [a]), wrong), caught(lambda: check.Assert(False, [a]), wrong)],
        "message": message_of(tf, lambda: check.assert_equal(a, b, message="the lists differ")),
        "all finite": caught(lambda: check.assert_all_finite([1.0, np.inf], "not finite"), wrong),
    }


def message_of(tf, call):
    try:
        call()
    except tf.errors.InvalidArgumentError as error:
        return "the lists differ" in str(error)
    return False


def asserting_shapes(tf):
    check = tf.debugging
    errors = (ValueError, TypeError, tf.errors.InvalidArgumentError)
    x = tf.ones([2, 3])
    return {
        "rank": [caught(lambda: check.assert_rank(x, 2), *errors), caught(lambda: check.assert_rank(x, 3), *errors)],
        "rank at least": caught(lambda: check.assert_rank_at_least(x, 3), *errors),
        "rank in": caught(lambda: check.assert_rank_in(x, (1, 2)), *errors),
        "scalar": caught(lambda: check.assert_scalar(x), *errors),
        "shapes": [
            caught(lambda: check.assert_shapes([(x, ("N", 3)), (tf.ones([2]), ("N",))]), *errors),
            caught(lambda: check.assert_shapes([(x, ("N", 3)), (tf.ones([4]), ("N",))]), *errors),
        ],
        "type": [
            caught(lambda: check.assert_type(x, tf.float32), *errors),
            caught(lambda: check.assert_type(x, tf.int32), *errors),
        ],
        "same dtype": caught(lambda: check.assert_same_float_dtype([x, tf.ones([1], tf.float64)]), *errors),
        "integer": caught(lambda: check.assert_integer(x), *errors),
        "is numeric": [check.is_numeric_tensor(x), check.is_numeric_tensor(tf.constant("a"))],
    }


def asserting_in_functions(tf):
    @tf.function
    def root(x):
        tf.debugging.assert_non_negative(x, message="below zero")
        return tf.sqrt(x)

    @tf.function
    def ordered(a, b):
        with tf.control_dependencies([tf.debugging.assert_less(a, b)]):
            return b - a

    return {
        "well": root(tf.constant([4.0, 9.0])),
        "below": caught(lambda: root(tf.constant([-4.0])), tf.errors.InvalidArgumentError),
        "ordered": ordered(tf.constant(1), tf.constant(5)),
        "not ordered": caught(lambda: ordered(tf.constant(5), tf.constant(1)), tf.errors.InvalidArgumentError),
    }


def numeric_checks(tf):
    @tf.function
    def checked(x):
        return tf.debugging.check_numerics(tf.math.log(x), "log gave")

    return {
        "passes": tf.debugging.check_numerics(tf.constant([1.0, 2.0]), "never"),
        "nan": caught(lambda: tf.debugging.check_numerics([1.0, np.nan], "nan"), tf.errors.InvalidArgumentError),
        "inf": caught(lambda: tf.debugging.check_numerics([np.inf], "inf"), tf.errors.InvalidArgumentError),
        "in a function": checked(tf.constant([1.0])),
        "in a function, nan": caught(lambda: checked(tf.constant([-1.0])), tf.errors.InvalidArgumentError),
    }


def checks_everywhere(tf):
    zero = tf.constant([0.0])

    @tf.function
    def inverse(x):
        return 1.0 / x

    tf.debugging.enable_check_numerics()
    try:
        found = [
            caught(lambda: tf.math.log(zero - 1.0), tf.errors.InvalidArgumentError),
            caught(lambda: tf.math.log(zero + 1.0), tf.errors.InvalidArgumentError),
            caught(lambda: inverse(zero), tf.errors.InvalidArgumentError),
        ]
    finally:
        tf.debugging.disable_check_numerics()
    return {"enabled": found, "disabled": caught(lambda: tf.math.log(zero - 1.0), tf.errors.InvalidArgumentError)}


def eager_functions(tf):
    calls, concrete = [], []

    @tf.function
    def f(x):
        calls.append("python")
        concrete.append(tf.executing_eagerly())
        if x > 0:
            x = x * 10
        return x

    before = tf.config.functions_run_eagerly()
    f(tf.constant(1))
    f(tf.constant(2))
    traced = len(calls)
    tf.config.run_functions_eagerly(True)
    try:
        results = [f(tf.constant(1)), f(tf.constant(-2))]
        inside = tf.config.functions_run_eagerly()
    finally:
        tf.config.run_functions_eagerly(False)
    after = f(tf.constant(3))
    return {
        "traced": traced,
        "calls": len(calls),
        "eager inside": concrete,
        "results": [*results, after],
        "switch": [before, inside, tf.config.functions_run_eagerly()],
    }


def devices(tf):
    physical, logical = tf.config.list_physical_devices(), tf.config.list_logical_devices("CPU")
    cpus = tf.config.list_physical_devices("CPU")
    return {
        "kind": cpus[0].device_type,
        "name": cpus[0].name,
        "some": len(physical) >= 1,
        "logical": [device.name for device in logical],
        "no such kind": tf.config.list_physical_devices("ABACUS"),
        "built with": isinstance(tf.test.is_built_with_cuda(), bool),
        "in experimental": [device.name for device in tf.config.experimental.list_physical_devices("CPU")],
        "visible": [device.name for device in tf.config.get_visible_devices("CPU")],
    }


def placing(tf):
    with tf.device("/CPU:0"):
        a = tf.constant([1.0, 2.0])
        b = a * 2
    with tf.device(tf.config.list_logical_devices("CPU")[0].name):
        c = tf.reduce_sum(b)

    @tf.function
    def f(x):
        with tf.device("CPU:0"):
            return x + 1

    return {
        "values": [a, b, c, f(a)],
        "devices": [tensor.device.rpartition("/")[2] for tensor in (a, b, c)],
    }


def growth_and_visibility(tf):
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    tf.config.set_soft_device_placement(True)
    return {
        "growth": [tf.config.experimental.get_memory_growth(gpu) for gpu in gpus] == [True] * len(gpus),
        "soft": tf.config.get_soft_device_placement(),
        "unknown device": caught(lambda: tf.config.set_visible_devices(["nothing"], "GPU"), ValueError),
    }


def threads(tf):
    return {
        "intra": isinstance(tf.config.threading.get_intra_op_parallelism_threads(), int),
        "inter": isinstance(tf.config.threading.get_inter_op_parallelism_threads(), int),
    }


def graph_optimizer(tf):
    """Options of an optimizer that XLA replaces: they can be set and are given back."""
    tf.config.optimizer.set_experimental_options({"constant_folding": False})
    changed = tf.config.optimizer.get_experimental_options()["constant_folding"]
    tf.config.optimizer.set_experimental_options({"constant_folding": True})
    return {"changed": changed, "again": tf.config.optimizer.get_experimental_options()["constant_folding"]}


def versions(tf):
    return {
        "dotted": tf.__version__.count(".") >= 2,
        "eager": tf.executing_eagerly(),
        "inside functions": tf.inside_function(),
    }


def error_classes(tf):
    names = [
        *("AbortedError", "AlreadyExistsError", "CancelledError", "DataLossError", "DeadlineExceededError"),
        *("FailedPreconditionError", "InternalError", "InvalidArgumentError", "NotFoundError", "OutOfRangeError"),
        *("PermissionDeniedError", "ResourceExhaustedError", "UnauthenticatedError", "UnavailableError"),
        *("UnimplementedError", "UnknownError"),
    ]
    return {
        "exist": [issubclass(getattr(tf.errors, name), tf.errors.OpError) for name in names],
        "are exceptions": issubclass(tf.errors.OpError, Exception),
        "codes": [int(code) for code in (tf.errors.INVALID_ARGUMENT, tf.errors.NOT_FOUND, tf.errors.OUT_OF_RANGE)],
    }


def error_attributes(tf):
    try:
        tf.reshape(tf.range(6), [4, 2])
    except tf.errors.InvalidArgumentError as error:
        return {"code": int(error.error_code), "message": isinstance(error.message, str) and len(error.message) > 10}
    return {}


def nests(tf):
    structure = {"a": [1, 2], "b": (3, {"c": 4})}
    flat = tf.nest.flatten(structure)
    return {
        "flat": flat,
        "packed": tf.nest.pack_sequence_as(structure, [value * 10 for value in flat]),
        "mapped": tf.nest.map_structure(lambda a, b: a + b, structure, structure),
        "is nested": [tf.nest.is_nested([1]), tf.nest.is_nested(1), tf.nest.is_nested("text")],
        "same structure": caught(lambda: tf.nest.assert_same_structure([1, 2], [1, [2]]), ValueError, TypeError),
        "of tensors": tf.nest.map_structure(tf.square, (tf.constant(3), [tf.constant(4)])),
    }


def gradients_of_checks(tf):
    x = tf.Variable([1.0, 4.0])
    with tf.GradientTape() as tape:
        y = tf.debugging.check_numerics(tf.sqrt(x), "root")
        tf.debugging.assert_positive(y)
        tf.print("seen", y, output_stream=f"file://{os.devnull}")
        z = tf.reduce_sum(tf.identity(y) * tf.ensure_shape(y, [2]))
    return {"gradient": tape.gradient(z, x)}


def logging(tf):
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel("ERROR")
    quiet = logger.level
    logger.setLevel(level)
    return {"quiet": quiet, "name": isinstance(logger.name, str)}


def timing(tf):
    start = tf.timestamp()
    end = tf.timestamp()
    return {"dtype": start.dtype.name, "forwards": bool(end >= start)}


def determinism(tf):
    """Come last: there is no way back."""
    tf.keras.utils.set_random_seed(1)
    tf.config.experimental.enable_op_determinism()
    first = tf.random.normal([3]).numpy()
    tf.keras.utils.set_random_seed(1)
    return {"repeats": bool(np.array_equal(first, tf.random.normal([3]).numpy()))}
