"""The optimizers of 1.x: one rule each, with TensorFlow's formulas."""

from __future__ import annotations

from typing import Any

from tenon.compat._ops import op
from tenon.compat._optimizer import Optimizer
from tenon.compat._structure import control_dependencies
from tenon.core.operations import multiply, pow_, sign, square, where
from tenon.core.operations import sqrt as square_root

Values = dict[str, Any]
"""Tensors by name."""


def _called(value: Any) -> Any:
    return value() if callable(value) else value


class GradientDescentOptimizer(Optimizer):
    """Steps down the gradient.

    Args:
        learning_rate: the length of steps: a number or a scalar tensor.
        use_locking: accepted and ignored.
        name: the name of operations.
    """

    def __init__(self, learning_rate: Any, use_locking: bool = False, name: str = "GradientDescent") -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate

    def _hyperparameters(self) -> dict[str, Any]:
        return {"rate": _called(self._learning_rate)}

    def _updated(self, value: Any, gradient: Any, slots: Values, hyper: Values) -> Any:
        del slots
        return value - hyper["rate"] * gradient


class MomentumOptimizer(Optimizer):
    """Steps down the gradient that keep some of their speed.

    Args:
        learning_rate: the length of steps.
        momentum: how much of the speed is kept.
        use_locking: accepted and ignored.
        name: the name of slots and operations.
        use_nesterov: whether the step goes to where the speed leads.
    """

    def __init__(
        self,
        learning_rate: Any,
        momentum: Any,
        use_locking: bool = False,
        name: str = "Momentum",
        use_nesterov: bool = False,
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._momentum = momentum
        self._use_nesterov = use_nesterov

    def _slot_values(self) -> dict[str, Any]:
        return {"momentum": 0.0}

    def _hyperparameters(self) -> dict[str, Any]:
        return {"rate": _called(self._learning_rate), "momentum": _called(self._momentum)}

    def _updated(self, value: Any, gradient: Any, slots: Values, hyper: Values) -> Any:
        speed = slots["momentum"] = hyper["momentum"] * slots["momentum"] + gradient
        if self._use_nesterov:
            return value - (gradient * hyper["rate"] + speed * hyper["momentum"] * hyper["rate"])
        return value - hyper["rate"] * speed


class AdamOptimizer(Optimizer):
    """Steps by averages of the gradient and of its square.

    Args:
        learning_rate: the length of steps.
        beta1: how slowly the average of the gradient changes.
        beta2: how slowly that of its square does.
        epsilon: keeps from dividing by zero.
        use_locking: accepted and ignored.
        name: the name of slots and operations.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta1: Any = 0.9,
        beta2: Any = 0.999,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "Adam",
    ) -> None:
        super().__init__(use_locking, name)
        self._numbers = (learning_rate, beta1, beta2, epsilon)

    def _slot_values(self) -> dict[str, Any]:
        return {"m": 0.0, "v": 0.0}

    def _shared_values(self) -> dict[str, Any]:
        _, beta1, beta2, _ = map(_called, self._numbers)
        return {"beta1_power": beta1, "beta2_power": beta2}

    def _hyperparameters(self) -> dict[str, Any]:
        rate, beta1, beta2, epsilon = map(_called, self._numbers)
        powers = {name: variable.snapshot for name, variable in self._shared.items()}
        return {"rate": rate, "beta1": beta1, "beta2": beta2, "epsilon": epsilon, **powers}

    def _updated(self, value: Any, gradient: Any, slots: Values, hyper: Values) -> Any:
        rate: Any = hyper["rate"] * square_root(1 - hyper["beta2_power"]) / (1 - hyper["beta1_power"])
        m = slots["m"] = slots["m"] + (gradient - slots["m"]) * (1 - hyper["beta1"])
        v = slots["v"] = slots["v"] + (square(gradient) - slots["v"]) * (1 - hyper["beta2"])
        return value - rate * m / (square_root(v) + hyper["epsilon"])

    def _finish(self, updates: list[Any]) -> list[Any]:
        _, beta1, beta2, _ = map(_called, self._numbers)
        with control_dependencies(updates):
            powers = [
                self._shared[name].assign(op("math.multiply")(self._shared[name].snapshot, beta))
                for name, beta in (("beta1_power", beta1), ("beta2_power", beta2))
            ]
        return [*updates, *powers]


class AdagradOptimizer(Optimizer):
    """Steps that get shorter the more there was of a gradient.

    Args:
        learning_rate: the length of steps.
        initial_accumulator_value: what the sum of squares begins with; positive.
        use_locking: accepted and ignored.
        name: the name of slots and operations.

    Raises:
        ValueError: the sum would not begin positive.
    """

    def __init__(
        self,
        learning_rate: Any,
        initial_accumulator_value: float = 0.1,
        use_locking: bool = False,
        name: str = "Adagrad",
    ) -> None:
        if initial_accumulator_value <= 0.0:
            raise ValueError(f"initial_accumulator_value must be positive: {initial_accumulator_value}")
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._first = initial_accumulator_value

    def _slot_values(self) -> dict[str, Any]:
        return {"accumulator": self._first}

    def _hyperparameters(self) -> dict[str, Any]:
        return {"rate": _called(self._learning_rate)}

    def _updated(self, value: Any, gradient: Any, slots: Values, hyper: Values) -> Any:
        total = slots["accumulator"] = slots["accumulator"] + square(gradient)
        return value - hyper["rate"] * gradient / square_root(total)


class RMSPropOptimizer(Optimizer):
    """Steps by the gradient over the root of the average of its square.

    Args:
        learning_rate: the length of steps.
        decay: how slowly the average changes.
        momentum: how much of the speed is kept.
        epsilon: keeps from dividing by zero.
        use_locking: accepted and ignored.
        centered: whether the square of the average is taken off.
        name: the name of slots and operations.
    """

    def __init__(
        self,
        learning_rate: Any,
        decay: Any = 0.9,
        momentum: Any = 0.0,
        epsilon: Any = 1e-10,
        use_locking: bool = False,
        centered: bool = False,
        name: str = "RMSProp",
    ) -> None:
        super().__init__(use_locking, name)
        self._numbers = {"rate": learning_rate, "decay": decay, "momentum": momentum, "epsilon": epsilon}
        self._centered = centered

    def _slot_values(self) -> dict[str, Any]:
        return {"rms": 1.0, **({"mg": 0.0} if self._centered else {}), "momentum": 0.0}

    def _hyperparameters(self) -> dict[str, Any]:
        return {name: _called(value) for name, value in self._numbers.items()}

    def _updated(self, value: Any, gradient: Any, slots: Values, hyper: Values) -> Any:
        decay = hyper["decay"]
        slots["rms"] = decay * slots["rms"] + (1 - decay) * square(gradient)
        under: Any = slots["rms"] + hyper["epsilon"]
        if self._centered:
            slots["mg"] = decay * slots["mg"] + (1 - decay) * gradient
            under = under - square(slots["mg"])
        slots["momentum"] = hyper["momentum"] * slots["momentum"] + hyper["rate"] * gradient / square_root(under)
        return value - slots["momentum"]


class AdadeltaOptimizer(Optimizer):
    """Steps by averages of squares of gradients and of steps.

    Args:
        learning_rate: a factor of the steps.
        rho: how slowly the averages change.
        epsilon: keeps from dividing by zero.
        use_locking: accepted and ignored.
        name: the name of slots and operations.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: Any = 0.95,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "Adadelta",
    ) -> None:
        super().__init__(use_locking, name)
        self._numbers = {"rate": learning_rate, "rho": rho, "epsilon": epsilon}

    def _slot_values(self) -> dict[str, Any]:
        return {"accum": 0.0, "accum_update": 0.0}

    def _hyperparameters(self) -> dict[str, Any]:
        return {name: _called(value) for name, value in self._numbers.items()}

    def _updated(self, value: Any, gradient: Any, slots: Values, hyper: Values) -> Any:
        rho, epsilon = hyper["rho"], hyper["epsilon"]
        slots["accum"] = rho * slots["accum"] + (1 - rho) * square(gradient)
        step: Any = square_root(slots["accum_update"] + epsilon) / square_root(slots["accum"] + epsilon) * gradient
        slots["accum_update"] = rho * slots["accum_update"] + (1 - rho) * square(step)
        return value - hyper["rate"] * step


class FtrlOptimizer(Optimizer):
    """Follows the regularized leader: many weights become exactly zero.

    Args:
        learning_rate: the length of steps.
        learning_rate_power: how it shrinks; zero or less.
        initial_accumulator_value: what the sum of squares begins with; zero or more.
        l1_regularization_strength: the weight of the absolute values.
        l2_regularization_strength: the weight of the squares.
        use_locking: accepted and ignored.
        name: the name of slots and operations.
        accum_name: accepted and ignored.
        linear_name: accepted and ignored.
        l2_shrinkage_regularization_strength: the weight of the squares in the gradient alone.
        beta: a number that is added to the root of the sum of squares.
    """

    def __init__(
        self,
        learning_rate: Any,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "Ftrl",
        accum_name: str | None = None,
        linear_name: str | None = None,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float | None = None,
    ) -> None:
        del accum_name, linear_name
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._power = learning_rate_power
        self._first = initial_accumulator_value
        self._strengths = {
            "l1": l1_regularization_strength,
            "l2": l2_regularization_strength,
            "shrinkage": l2_shrinkage_regularization_strength,
            "beta": beta or 0.0,
        }

    def _slot_values(self) -> dict[str, Any]:
        return {"accum": self._first, "linear": 0.0}

    def _hyperparameters(self) -> dict[str, Any]:
        return {"rate": _called(self._learning_rate), **self._strengths}

    def _updated(self, value: Any, gradient: Any, slots: Values, hyper: Values) -> Any:
        rate = hyper["rate"]
        total = slots["accum"] + square(gradient)
        shrunk = gradient + 2 * hyper["shrinkage"] * value
        sigma: Any = (pow_(total, -self._power) - pow_(slots["accum"], -self._power)) / rate
        linear: Any = slots["linear"] + shrunk - sigma * value
        quadratic: Any = (pow_(total, -self._power) + hyper["beta"]) / rate + 2 * hyper["l2"]
        slots.update(accum=total, linear=linear)
        l1 = hyper["l1"]
        return where(abs(linear) > l1, (sign(linear) * l1 - linear) / quadratic, multiply(linear, 0))
