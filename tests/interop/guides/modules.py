"""Modules: objects that own variables, find them in their parts, and save them."""

import tempfile

import numpy as np

from tests.interop.guides._results import caught, collect


def run(tf):
    return collect(
        tf,
        *(simple_module, nested_modules, collections, created_when_called, shared_parts, named, scopes, flattened),
        *(
            saving_weights,
            functions_in_modules,
            saved_with_functions,
            keras_layers,
            keras_models,
            overriding,
            callables,
        ),
    )


def layer_class(tf):
    class Mix(tf.Module):
        """Mix features: a matrix, a shift and an activation."""

        def __init__(self, size_in, size_out, name=None):
            super().__init__(name=name)
            values = np.cos(np.arange(size_in * size_out, dtype=np.float32))
            self.matrix = tf.Variable(values.reshape(size_in, size_out), name="matrix")
            self.shift = tf.Variable(tf.fill([size_out], 0.1), name="shift")

        def __call__(self, x):
            return tf.nn.elu(x @ self.matrix + self.shift)

    return Mix


def network_class(tf):
    mix = layer_class(tf)

    class Network(tf.Module):
        def __init__(self, name=None):
            super().__init__(name=name)
            self.wide = mix(3, 4)
            self.narrow = mix(4, 2)

        def __call__(self, x):
            return self.narrow(self.wide(x))

    return Network


def simple_module(tf):
    class Thermometer(tf.Module):
        """Turn a reading into degrees: the slope is learnt, the zero is given."""

        def __init__(self, name=None):
            super().__init__(name=name)
            self.slope = tf.Variable(1.8, name="slope")
            self.zero = tf.Variable(32.0, trainable=False, name="zero")

        def __call__(self, reading):
            return self.slope * reading + self.zero

    module = Thermometer(name="outside")
    return {
        "result": module(tf.constant([10.0, -40.0])),
        "name": module.name,
        "variables": [variable.name for variable in module.variables],
        "trainable": [variable.name for variable in module.trainable_variables],
        "not trainable": [variable.name for variable in module.non_trainable_variables],
        "submodules": len(module.submodules),
        "is a module": isinstance(module, tf.Module),
    }


def nested_modules(tf):
    network = network_class(tf)(name="tower")
    return {
        "result": network(tf.constant([[0.5, 2.0, -1.0], [1.0, -1.0, 0.5]])),
        "submodules": [type(module).__name__ for module in network.submodules],
        "variables": [[variable.name, variable.shape.as_list()] for variable in network.variables],
        "trainable": len(network.trainable_variables),
        "names": [network.name, network.wide.name],
        "identity": network.submodules[0] is network.narrow,
    }


def collections(tf):
    mix = layer_class(tf)

    class Tower(tf.Module):
        def __init__(self):
            super().__init__()
            self.layers = [mix(2, 2), mix(2, 3)]
            self.heads = {"b": tf.Variable(1.0, name="head_b"), "a": tf.Variable([2.0, 3.0], name="head_a")}
            self.pair = (tf.Variable(4, name="left"), [tf.Variable(5, name="deep")])
            self.number = 3

    tower = Tower()
    tower.layers.append(mix(3, 1))
    return {
        "variables": [variable.name for variable in tower.variables],
        "shapes": [variable.shape.as_list() for variable in tower.variables],
        "submodules": len(tower.submodules),
        "default name": tower.name,
    }


def created_when_called(tf):
    class Centre(tf.Module):
        """Learn the centre of rows, whose length is known at the first of them."""

        centre = None

        def __call__(self, rows):
            if self.centre is None:
                self.centre = tf.Variable(tf.reduce_mean(rows, axis=0), name="centre")
            return rows - self.centre

    module = Centre()
    before = len(module.variables)
    first = module(tf.constant([[1.0, 2.0], [3.0, 8.0]]))
    second = module(tf.constant([[0.0, 0.0]]))
    return {
        "before": before,
        "after": [variable.shape.as_list() for variable in module.variables],
        "results": [first, second],
    }


def shared_parts(tf):
    mix = layer_class(tf)

    class Twice(tf.Module):
        def __init__(self):
            super().__init__()
            self.first = mix(2, 2)
            self.again = self.first
            self.matrix = self.first.matrix

        def __call__(self, x):
            return self.again(self.first(x))

    module = Twice()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(module(tf.constant([[1.0, 2.0]])))
    gradients = tape.gradient(loss, module.trainable_variables)
    return {"variables": len(module.variables), "submodules": len(module.submodules), "gradients": gradients}


def named(tf):
    class MyModule(tf.Module):
        pass

    class HTTPLayer2D(tf.Module):
        pass

    return {
        "given": MyModule(name="chosen").name,
        "from class": [MyModule().name, HTTPLayer2D().name],
        "bad": caught(lambda: MyModule(name="no good"), ValueError),
    }


def scopes(tf):
    class Scoped(tf.Module):
        @tf.Module.with_name_scope
        def __call__(self, x):
            if not hasattr(self, "w"):
                self.w = tf.Variable(tf.ones([x.shape[1], 2]), name="w")
            return tf.matmul(x, self.w)

    module = Scoped(name="scoped")
    result = module(tf.ones([1, 3]))
    with module.name_scope:
        inside = tf.Variable(1.0, name="inside")
    return {"variable": module.w.name, "inside": inside.name, "result": result, "scope": module.name_scope.name}


def flattened(tf):
    class Tree(tf.Module):
        def __init__(self):
            super().__init__()
            self.b = tf.Variable(1.0, name="b")
            self.a = [tf.Variable(2.0, name="a0"), tf.Variable(3.0, name="a1")]

    tree = Tree()
    tree.child = Tree()
    return {
        "in order of attributes": [float(variable) for variable in tree.variables],
        "sum": tf.add_n(list(tree.variables)),
        "counted": sum(int(tf.size(variable)) for variable in tree.trainable_variables),
    }


def saving_weights(tf):
    make = network_class(tf)
    network, fresh = make(), make()
    path = tempfile.mkdtemp() + "/weights"
    x = tf.constant([[2.0, 1.0, 0.0]])
    for variable in network.variables:
        variable.assign_add(tf.ones_like(variable))
    written = tf.train.Checkpoint(network=network).write(path)
    different = tf.reduce_all(fresh(x) == network(x))
    tf.train.Checkpoint(network=fresh).read(path).assert_consumed()
    listed = tf.train.list_variables(path)
    return {
        "path": written == path,
        "names": [name for name, _ in listed],
        "shapes": [shape for _, shape in listed],
        "before": different,
        "after": tf.reduce_all(fresh(x) == network(x)),
        "read": tf.train.load_checkpoint(path).get_tensor("network/wide/matrix/.ATTRIBUTES/VARIABLE_VALUE"),
    }


def functions_in_modules(tf):
    make = network_class(tf)
    traces = []

    class Traced(make):
        @tf.function
        def __call__(self, x):
            traces.append(x.shape.as_list())
            return super().__call__(x)

    model = Traced(name="traced")
    x = tf.constant([[2.0, -2.0, 1.0]])
    first = model(x)
    model.wide.shift.assign([1.0, 2.0, 3.0, 4.0])
    return {"first": first, "second": model(x), "cube": model(tf.ones([2, 2, 3])), "traces": traces}


def saved_with_functions(tf):
    mix = layer_class(tf)

    class Model(tf.Module):
        def __init__(self):
            super().__init__()
            self.layer = mix(3, 2)

        @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32)])
        def predict(self, x):
            return tf.nn.softmax(self.layer(x))

    model, folder = Model(), tempfile.mkdtemp()
    tf.saved_model.save(model, folder)
    loaded = tf.saved_model.load(folder)
    x = tf.constant([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
    return {
        "same": tf.reduce_max(tf.abs(loaded.predict(x) - model.predict(x))) < 1e-6,
        "class": isinstance(loaded, Model),
        "variables": [loaded.layer.matrix, loaded.layer.shift],
        "result": loaded.predict(x),
    }


def keras_layers(tf):
    class Cosine(tf.keras.layers.Layer):
        """Compare each row with learnt directions."""

        def __init__(self, directions, **kwargs):
            super().__init__(**kwargs)
            self.directions = directions

        def build(self, input_shape):
            shape = (input_shape[-1], self.directions)
            self.kernel = self.add_weight(shape=shape, initializer="ones", name="kernel")
            self.offset = self.add_weight(shape=(self.directions,), initializer="zeros", trainable=False, name="offset")

        def call(self, inputs):
            return tf.math.l2_normalize(inputs, axis=-1) @ self.kernel + self.offset

    class Holder(tf.Module):
        def __init__(self):
            super().__init__()
            self.layer = Cosine(2)
            self.scale = tf.Variable(3.0, name="scale")

        def __call__(self, x):
            return self.layer(x) * self.scale

    layer = Cosine(3)
    before = len(layer.variables)
    result = layer(tf.constant([[3.0, 4.0], [0.0, -2.0]]))
    holder = Holder()
    with tf.GradientTape() as tape:
        held = tf.reduce_sum(holder(tf.constant([[3.0, 4.0]])))
    gradients = tape.gradient(held, [holder.scale, *holder.layer.trainable_variables])
    return {
        "before": before,
        "after": [list(variable.shape) for variable in layer.variables],
        "trainable": [list(variable.shape) for variable in layer.trainable_variables],
        "result": result,
        "held": held,
        "gradients": gradients,
        "wrong input": caught(lambda: layer(tf.ones([2, 5])), ValueError, TypeError, tf.errors.InvalidArgumentError),
    }


def keras_models(tf):
    class Residual(tf.keras.Model):
        def __init__(self, name=None):
            super().__init__(name=name)
            self.inner = tf.keras.layers.Dense(3, activation="tanh", kernel_initializer="ones")
            self.outer = tf.keras.layers.Dense(2, kernel_initializer=tf.keras.initializers.Constant(0.5))

        def call(self, x):
            return self.outer(x + self.inner(x))

    model = Residual(name="residual")
    result = model(tf.constant([[0.5, -0.25, 0.125]]))
    inputs = tf.keras.Input(shape=[3])
    x = tf.keras.layers.Dense(4, "tanh", kernel_initializer="ones", bias_initializer="ones")(inputs)
    functional = tf.keras.Model(inputs=inputs, outputs=tf.keras.layers.Dense(1, kernel_initializer="ones")(x))
    path = tempfile.mkdtemp() + "/model.keras"
    functional.save(path)
    reloaded = tf.keras.models.load_model(path)
    return {
        "subclassed": result,
        "number of variables": len(model.variables),
        "number of layers": len(model.layers),
        "functional": functional(tf.constant([[1.0, -1.0, 0.25]])),
        "parameters": functional.count_params(),
        "reloaded": reloaded(tf.constant([[1.0, -1.0, 0.25]])),
        "weights": [weight.shape for weight in functional.get_weights()],
    }


def overriding(tf):
    base = layer_class(tf)

    class Scaled(base):
        def __init__(self):
            super().__init__(2, 2, name="scaled")
            self.gain = tf.Variable([10.0, 100.0], name="gain")

        def __call__(self, x):
            return super().__call__(x) * self.gain

    module = Scaled()
    return {"result": module(tf.constant([[1.0, 1.0]])), "variables": [variable.name for variable in module.variables]}


def callables(tf):
    class Maths(tf.Module):
        @tf.function
        def add(self, a, b):
            return a + b

        @tf.function
        def divide(self, a, b):
            if b == 0.0:
                return tf.constant(0.0)
            return a / b

    maths = Maths()
    return {
        "add": [maths.add(tf.constant(1), tf.constant(2)), maths.add(tf.constant("a"), tf.constant("b"))],
        "divide": [maths.divide(tf.constant(1.0), tf.constant(y)) for y in (0.0, 4.0)],
    }
