"""StableHLO to a LiteRT flatbuffer, as a program of its own: ``python -P _converter.py MODULE FLATBUFFER FORM WIDTH``.

The converter holds Python's lock for as long as it works, and ends the process when it meets what its authors did not
foresee; a server can afford neither. So it runs outside, and runs the result, which finds out the same about the
interpreter. Nothing of Tenon is imported: that would take longer than most conversions.

Exit codes: 0 done; 3 refused, with the reason as the last line of the error output.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from enum import StrEnum
from pathlib import Path
from typing import Any

SIGNATURE = "signature"
"""The name of the only signature of a converted program; inputs are ``input_0``, ..., outputs ``output_0``, ..."""

REFUSED = 3

ROWS = (2, 67)
"""The numbers of rows that a program for any number is converted for: few and many, so that bounds between are seen."""

RUN_ROWS = (1, 3)
"""The numbers of rows that a program for any number is tried with."""

_REFINE = (
    "builtin.module(func.func(stablehlo-legalize-composite-to-call),inline,"
    "stablehlo-refine-arguments{{types={types}}},stablehlo-refine-shapes,inline,"
    "func.func(stablehlo-canonicalize-dynamism),canonicalize,cse,symbol-dce)"
)
"""MLIR's passes that give all values the shapes which follow from those of the inputs."""

Shapes = list[list[int]]
"""Of all inputs."""


class Form(StrEnum):
    """What the converter is given."""

    OPEN = "open"
    """The program as it is, each open size for itself."""

    ROWS = "rows"
    """Programs of known sizes: all open sizes are the number of rows."""


def input_name(index: int) -> str:
    """Return what an input is called."""
    return f"input_{index}"


def output_name(index: int) -> str:
    """Return what an output is called."""
    return f"output_{index}"


def convert(module: str, form: Form, wide: bool) -> tuple[bytes, list[Shapes]]:
    """Convert.

    Args:
        module: StableHLO; the public function ``main`` has symbolic or static shapes.
        form: which the converter is given.
        wide: whether numbers of 64 bits are kept as such.

    Returns:
        The flatbuffer, and shapes of all inputs that it is to be tried with.

    Raises:
        ValueError: the converter refuses, or the program is not the same for all numbers of rows; the message says why.
    """
    ir: Any = importlib.import_module("litert_converter.mlir.ir")
    api: Any = importlib.import_module("litert_converter.mlir._mlir_libs.converter_api_ext")
    context = ir.Context()
    api.prepare_mlir_context(context)
    with context:
        parsed = _parsed(module, ir)
        inputs = _main(parsed).type.inputs
        if form is Form.OPEN:
            return _flatbuffer(parsed, api, wide), [_shapes(inputs, 1)]
        first, second = (_flatbuffer(_refined(_parsed(module, ir), rows, ir), api, wide) for rows in ROWS)
        return _beside("_open_rows").open_rows(first, second, ROWS), [_shapes(inputs, rows) for rows in RUN_ROWS]


def _shapes(types: Any, rows: int) -> Shapes:
    return [
        [rows if each.is_dynamic_dim(axis) else each.get_dim_size(axis) for axis in range(each.rank)] for each in types
    ]


def _parsed(module: str, ir: Any) -> Any:
    parsed = ir.Module.parse(module)
    _drop_assertions(parsed.operation, ir)
    return parsed


def _refined(module: Any, rows: int, ir: Any) -> Any:
    """Return the program for a number of rows, with what it spells out as LiteRT has it."""
    types = ",".join(str(each).replace("?", str(rows)) for each in _main(module).type.inputs)
    passes: Any = importlib.import_module("litert_converter.mlir.passmanager")
    passes.PassManager.parse(_REFINE.format(types=types)).run(module.operation)
    rewriting = _beside("_spelled_out")
    rewriting.write_gelu(module, ir)
    rewriting.write_masks(module, ir)
    return module


def _flatbuffer(module: Any, api: Any, wide: bool) -> bytes:
    kind = _main(module).type
    api.set_signature(
        module.operation,
        signature_name=SIGNATURE,
        input_names=[input_name(index) for index in range(len(kind.inputs))],
        output_names=[output_name(index) for index in range(len(kind.results))],
    )
    config = api.ConvertToTFLConfig()
    config.model_origin_framework = "JAX"
    config.unsafe_fuse_dynamic_shaped_broadcast = True
    config.enable_x64 = wide
    passes: Any = importlib.import_module("litert_converter.mlir.passmanager")
    api.run_convert_to_tfl_passes(module, passes.PassManager(), config)
    return bytes(api.export_flatbuffer_to_bytes(module.operation))


def _beside(name: str) -> Any:
    """Return a module of this folder, whose package is not imported."""
    spec: Any = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _drop_assertions(operation: Any, ir: Any) -> None:
    """Drop what checks symbolic sizes when a program runs: LiteRT knows no such operation, and others check them."""
    found = []

    def visit(each: Any) -> Any:
        if each.name == "stablehlo.custom_call" and "shape_assertion" in str(each.attributes["call_target_name"]):
            found.append(each)
        return ir.WalkResult.ADVANCE

    operation.walk(visit)
    for each in found:
        each.erase()


def _main(module: Any) -> Any:
    return next(each for each in module.body.operations if str(each.attributes["sym_name"]) == '"main"')


def _run(flatbuffer: bytes, tries: list[Shapes]) -> None:
    """Run on zeros of some shapes.

    Raises:
        ValueError: the interpreter refuses.
        RuntimeError: the same.
    """
    numpy: Any = importlib.import_module("numpy")
    interpreter = importlib.import_module("ai_edge_litert.interpreter").Interpreter(model_content=flatbuffer)
    runner = interpreter.get_signature_runner(SIGNATURE)
    kept = runner.get_input_details()
    for shapes in tries:
        named = {input_name(index): shape for index, shape in enumerate(shapes)}
        runner(**{name: numpy.zeros(named[name], each["dtype"]) for name, each in kept.items()})


def main(arguments: list[str]) -> int:
    """Convert a file; see the module."""
    source, target, form, width = arguments
    module = Path(source).read_text()
    try:
        flatbuffer, tries = convert(module, Form(form), width == "wide")
        _run(flatbuffer, tries)
    except Exception as error:  # of MLIR's own classes too; the reason goes to whoever started this process
        sys.stderr.write("\n" + " ".join(str(error).split()))
        return REFUSED
    Path(target).write_bytes(flatbuffer)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
