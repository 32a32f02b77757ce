"""Keras's layers in PyTorch, as its users write them: ``module_of`` builds a network from Keras's configuration.

Images are NCHW in the memory format ``channels_last``, which is the quicker one on processors. Weights come in the
order of Keras's ``get_weights``.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  # its name everywhere
from torch import nn

from benchmarks.models.task import RefusedError

Config = dict[str, Any]
Weights = Iterator[np.ndarray]

_ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "linear": lambda x: x,
    "relu": F.relu,
    "gelu": F.gelu,
    "sigmoid": torch.sigmoid,
    "silu": F.silu,
    "swish": F.silu,
}


class Activated(nn.Module):
    """A module and an activation after it."""

    def __init__(self, module: nn.Module, activation: str) -> None:
        super().__init__()
        self.module, self.activation = module, _ACTIVATIONS[activation]

    def forward(self, x: Any) -> Any:
        """Run both."""
        return self.activation(self.module(x))


class Function(nn.Module):
    """A function without weights."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: Any) -> Any:
        """Run it."""
        return self.function(*inputs)


class SamePadding(nn.Module):
    """TensorFlow's padding: as much as the output's size needs, the odd one at the end."""

    def __init__(self, module: nn.Module, size: tuple[int, int], stride: tuple[int, int]) -> None:
        super().__init__()
        self.module, self.size, self.stride = module, size, stride

    def forward(self, x: Any) -> Any:
        """Pad and run."""
        pads: list[int] = []
        for length, size, stride in zip(reversed(x.shape[2:]), reversed(self.size), reversed(self.stride), strict=True):
            total = max((-(-length // stride) - 1) * stride + size - length, 0)
            pads += [total // 2, total - total // 2]
        return self.module(F.pad(x, pads) if any(pads) else x)


class Attention(nn.Module):
    """Multi-head self-attention with Keras's weights."""

    def __init__(self, width: int, heads: int, weights: Weights) -> None:
        super().__init__()
        self.heads = heads
        pairs = [(next(weights), next(weights)) for _ in range(4)]
        self.queries, self.keys, self.values, self.output = (
            _linear(kernel.reshape(width, -1) if place < 3 else kernel.reshape(-1, width), bias.reshape(-1))
            for place, (kernel, bias) in enumerate(pairs)
        )

    def forward(self, x: Any, *same: Any) -> Any:
        """Attend to the same sequence."""
        del same
        rows, length, _ = x.shape
        parts = (each(x).view(rows, length, self.heads, -1) for each in (self.queries, self.keys, self.values))
        attended = F.scaled_dot_product_attention(*(part.transpose(1, 2) for part in parts))
        return self.output(attended.transpose(1, 2).reshape(rows, length, -1))


class Last(nn.Module):
    """The last output of a recurrent layer."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Any) -> Any:
        """Run it."""
        return self.module(x)[0][:, -1]


class Network(nn.Module):
    """A graph of modules.

    Args:
        steps: name of each, its module, and the names of its inputs.
        inputs: names of the arguments.
        output: the name of the result.
    """

    def __init__(self, steps: list[tuple[str, nn.Module, list[str]]], inputs: list[str], output: str) -> None:
        super().__init__()
        self.modules_by_name = nn.ModuleDict({name.replace(".", "_"): module for name, module, _ in steps})
        self.steps = [(name, [*sources]) for name, _, sources in steps]
        self.inputs, self.output = inputs, output

    def forward(self, *arguments: Any) -> Any:
        """Run them all; images come as NHWC."""
        values = {
            name: each.permute(0, 3, 1, 2) if each.dim() == 4 else each
            for name, each in zip(self.inputs, arguments, strict=True)
        }
        for name, sources in self.steps:
            values[name] = self.modules_by_name[name.replace(".", "_")](*(values[source] for source in sources))
        result = values[self.output]
        return result.permute(0, 2, 3, 1) if result.dim() == 4 else result


def module_of(config: Config, weights: list[np.ndarray]) -> nn.Module:
    """Return the network of a functional Keras model.

    Args:
        config: what ``model.to_json`` says.
        weights: what ``model.get_weights`` returned.

    Raises:
        RefusedError: a layer has no counterpart here.
    """
    remaining = iter(weights)
    steps = []
    for layer in config["config"]["layers"]:
        if layer["class_name"] == "InputLayer":
            continue
        if layer["class_name"] not in _LAYERS:
            raise RefusedError(f"no counterpart of Keras's {layer['class_name']} was written for PyTorch")
        module = _LAYERS[layer["class_name"]](layer["config"] | _shape_of(layer), remaining)
        steps.append((layer["name"], module, list(_sources(layer["inbound_nodes"][0]["args"]))))
    assert next(remaining, None) is None
    inputs, outputs = config["config"]["input_layers"], config["config"]["output_layers"]
    names = [inputs[0]] if isinstance(inputs[0], str) else [each[0] for each in inputs]
    return Network(steps, names, outputs[0] if isinstance(outputs[0], str) else outputs[0][0])


def _sources(value: Any) -> Iterator[str]:
    """Return the layers whose outputs a call has as arguments, in their order."""
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        yield value["config"]["keras_history"][0]
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _sources(each)


def _shape_of(layer: Config) -> Config:
    """Return the shape of the first input."""

    def first(value: Any) -> Any:
        while isinstance(value, list):
            value = value[0]
        return value["config"]["shape"]

    return {"input_shape": first(layer["inbound_nodes"][0]["args"])}


def _parameter(array: np.ndarray) -> nn.Parameter:
    return nn.Parameter(torch.from_numpy(np.array(array)))


def _linear(kernel: np.ndarray, bias: np.ndarray | None) -> nn.Linear:
    module = nn.Linear(*kernel.shape, bias=bias is not None)
    module.weight = _parameter(kernel.T)
    if bias is not None:
        module.bias = _parameter(bias)
    return module


def _dense(config: Config, weights: Weights) -> nn.Module:
    kernel = next(weights)
    module = _linear(kernel, next(weights) if config["use_bias"] else None)
    return Activated(module, config["activation"])


def _convolution(config: Config, weights: Weights) -> nn.Module:
    kernel = next(weights)
    depthwise = "filters" not in config
    filters, groups = (kernel.shape[2] * kernel.shape[3], kernel.shape[2]) if depthwise else (kernel.shape[3], 1)
    size, stride = tuple(config["kernel_size"]), tuple(config["strides"])
    same = config["padding"] == "same" and size != (1, 1)
    even = same and stride == (1, 1)
    padding = tuple(each // 2 for each in size) if even else 0
    module = nn.Conv2d(kernel.shape[2], filters, size, stride, padding, groups=groups, bias=config["use_bias"])
    order = (2, 3, 0, 1) if depthwise else (3, 2, 0, 1)
    module.weight = _parameter(kernel.transpose(order).reshape(module.weight.shape))
    if config["use_bias"]:
        module.bias = _parameter(next(weights))
    module = module.to(memory_format=torch.channels_last)
    return Activated(SamePadding(module, size, stride) if same and not even else module, config["activation"])


def _transposed_convolution(config: Config, weights: Weights) -> nn.Module:
    """With a stride that TensorFlow's padding makes the output's sizes multiples of: what is too much is at the end."""
    kernel = next(weights)
    size, stride = tuple(config["kernel_size"]), tuple(config["strides"])
    module = nn.ConvTranspose2d(kernel.shape[3], kernel.shape[2], size, stride)
    module.weight, module.bias = _parameter(kernel.transpose(3, 2, 0, 1)), _parameter(next(weights))
    module = module.to(memory_format=torch.channels_last)
    activation = _ACTIVATIONS[config["activation"]]

    def run(x: Any) -> Any:
        height, width = (length * each for length, each in zip(x.shape[2:], stride, strict=True))
        return activation(module(x)[:, :, :height, :width])

    function = Function(run)
    function.module = module
    return function


def _batch_normalization(config: Config, weights: Weights) -> nn.Module:
    scale = next(weights)
    module = nn.BatchNorm2d(len(scale), config["epsilon"], 1 - config["momentum"])
    module.weight, module.bias = _parameter(scale), _parameter(next(weights))
    module.running_mean, module.running_var = (torch.from_numpy(np.array(next(weights))) for _ in range(2))
    return module


def _layer_normalization(config: Config, weights: Weights) -> nn.Module:
    scale = next(weights)
    module = nn.LayerNorm(len(scale), config["epsilon"])
    module.weight, module.bias = _parameter(scale), _parameter(next(weights))
    return module


def _embedding(config: Config, weights: Weights) -> nn.Module:
    del config
    return nn.Embedding.from_pretrained(torch.from_numpy(np.array(next(weights))), freeze=False)


def _recurrent(kind: type[nn.LSTM | nn.GRU], gates: tuple[int, ...]) -> Callable[[Config, Weights], nn.Module]:
    """Return what makes a recurrent layer, whose gates Keras has at these places."""

    def make(config: Config, weights: Weights) -> nn.Module:
        kernel, recurrent, bias = (next(weights) for _ in range(3))
        module = kind(kernel.shape[0], config["units"], batch_first=True)

        def ordered(array: np.ndarray) -> np.ndarray:
            parts = np.split(array, len(gates), axis=-1)
            return np.concatenate([parts[gate] for gate in gates], axis=-1)

        biases = bias if bias.ndim == 2 else np.stack([bias, np.zeros_like(bias)])
        module.weight_ih_l0, module.weight_hh_l0 = (_parameter(ordered(each).T.copy()) for each in (kernel, recurrent))
        module.bias_ih_l0, module.bias_hh_l0 = (_parameter(ordered(each)) for each in biases)
        return Last(module)

    return make


def _attention(config: Config, weights: Weights) -> nn.Module:
    return Attention(config["input_shape"][-1], config["num_heads"], weights)


def _normalization(config: Config, weights: Weights) -> nn.Module:
    del config
    mean, variance = (torch.from_numpy(np.array(next(weights))).reshape(1, -1, 1, 1) for _ in range(2))
    next(weights)  # how many values it saw
    deviation = torch.clamp(variance.sqrt(), min=1e-7)
    return Function(lambda x: (x - mean) / deviation)


def _channels_first(shape: list[int]) -> list[int]:
    return [shape[-1], *shape[:-1]] if len(shape) == 3 else shape


def _of(make: Callable[[Config], Callable[..., Any]]) -> Callable[[Config, Weights], nn.Module]:
    """Return what makes a layer without weights of the function that its configuration gives."""

    def made(config: Config, weights: Weights) -> nn.Module:
        del weights
        found = make(config)
        return found if isinstance(found, nn.Module) else Function(found)

    return made


def _always(function: Callable[..., Any]) -> Callable[[Config, Weights], nn.Module]:
    """Return what makes a layer that is the same whatever its configuration."""

    def made(config: Config, weights: Weights) -> nn.Module:
        del config, weights
        return Function(function)

    return made


def _relu(config: Config) -> nn.Module:
    return nn.ReLU() if config["max_value"] is None else nn.Hardtanh(0.0, config["max_value"])


def _zero_padding(config: Config) -> nn.Module:
    (top, bottom), (left, right) = config["padding"]
    return nn.ZeroPad2d((left, right, top, bottom))


def _flatten(config: Config) -> Callable[[Any], Any]:
    image = len(config["input_shape"]) == 4
    return lambda x: (x.permute(0, 2, 3, 1) if image else x).flatten(1)


def _global_pooling(config: Config) -> Callable[[Any], Any]:
    keep = config["keepdims"]
    return lambda x: x.mean((2, 3), keepdim=keep)


def _rescaling(config: Config) -> Callable[[Any], Any]:
    scale, offset = config["scale"], config["offset"]
    if isinstance(scale, list):
        scale = torch.tensor(scale).reshape(1, -1, 1, 1)
    return lambda x: x * scale + offset


def _reshape(config: Config) -> Callable[[Any], Any]:
    shape = _channels_first(config["target_shape"])
    return lambda x: x.reshape(-1, *shape)


_LAYERS: dict[str, Callable[[Config, Weights], nn.Module]] = {
    "Activation": _of(lambda config: _ACTIVATIONS[config["activation"]]),
    "Add": _always(operator.add),
    "BatchNormalization": _batch_normalization,
    "Concatenate": _of(lambda config: lambda *parts: torch.cat(parts, config["axis"])),
    "Conv2D": _convolution,
    "Conv2DTranspose": _transposed_convolution,
    "Dense": _dense,
    "DepthwiseConv2D": _convolution,
    "Dot": _always(lambda x, y: torch.bmm(x, y.transpose(1, 2))),
    "Dropout": _of(lambda config: nn.Dropout(config["rate"])),
    "Embedding": _embedding,
    "Flatten": _of(_flatten),
    "GRU": _recurrent(nn.GRU, (1, 0, 2)),
    "GlobalAveragePooling1D": _always(lambda x: x.mean(1)),
    "GlobalAveragePooling2D": _of(_global_pooling),
    "LSTM": _recurrent(nn.LSTM, (0, 1, 2, 3)),
    "LayerNormalization": _layer_normalization,
    "MaxPooling2D": _of(lambda config: nn.MaxPool2d(tuple(config["pool_size"]), tuple(config["strides"]))),
    "MultiHeadAttention": _attention,
    "Multiply": _always(operator.mul),
    "Normalization": _normalization,
    "ReLU": _of(_relu),
    "Rescaling": _of(_rescaling),
    "Reshape": _of(_reshape),
    "ZeroPadding2D": _of(_zero_padding),
}
