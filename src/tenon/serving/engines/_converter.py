"""StableHLO to a LiteRT flatbuffer, as a program of its own: ``python -P _converter.py MODULE FLATBUFFER WIDE``.

The converter holds Python's lock for as long as it works, and ends the process when it meets what its authors did not
foresee; a server can afford neither. So it runs outside, and runs the result once, which finds out the same about the
interpreter. Nothing of Tenon is imported: that would take longer than most conversions.

Exit codes: 0 done; 3 refused, with the reason as the last line of the error output.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

SIGNATURE = "signature"
"""The name of the only signature of a converted program; inputs are ``input_0``, ..., outputs ``output_0``, ..."""

REFUSED = 3


def input_name(index: int) -> str:
    """Return what an input is called."""
    return f"input_{index}"


def output_name(index: int) -> str:
    """Return what an output is called."""
    return f"output_{index}"


def convert(module: str, wide: bool) -> bytes:
    """Convert.

    Args:
        module: StableHLO; the public function ``main`` has symbolic or static shapes.
        wide: whether numbers of 64 bits are kept as such.

    Raises:
        ValueError: the converter refuses, and says why.
    """
    ir: Any = importlib.import_module("litert_converter.mlir.ir")
    passes: Any = importlib.import_module("litert_converter.mlir.passmanager")
    api: Any = importlib.import_module("litert_converter.mlir._mlir_libs.converter_api_ext")
    context = ir.Context()
    api.prepare_mlir_context(context)
    with context:
        parsed = ir.Module.parse(module)
        _drop_assertions(parsed.operation, ir)
        inputs, results = _arity(parsed)
        api.set_signature(
            parsed.operation,
            signature_name=SIGNATURE,
            input_names=[input_name(index) for index in range(inputs)],
            output_names=[output_name(index) for index in range(results)],
        )
        config = api.ConvertToTFLConfig()
        config.model_origin_framework = "JAX"
        config.unsafe_fuse_dynamic_shaped_broadcast = True
        config.enable_x64 = wide
        api.run_convert_to_tfl_passes(parsed, passes.PassManager(), config)
        return bytes(api.export_flatbuffer_to_bytes(parsed.operation))


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


def _arity(module: Any) -> tuple[int, int]:
    main = next(each for each in module.body.operations if str(each.attributes["sym_name"]) == '"main"')
    return len(main.type.inputs), len(main.type.results)


def _run_once(flatbuffer: bytes) -> None:
    numpy: Any = importlib.import_module("numpy")
    interpreter = importlib.import_module("ai_edge_litert.interpreter").Interpreter(model_content=flatbuffer)
    runner = interpreter.get_signature_runner(SIGNATURE)
    details = runner.get_input_details()
    shapes = {name: [abs(int(size)) for size in each["shape_signature"]] for name, each in details.items()}
    runner(**{name: numpy.zeros(shape, details[name]["dtype"]) for name, shape in shapes.items()})


def main(arguments: list[str]) -> int:
    """Convert a file; see the module."""
    source, target, wide = arguments
    module = Path(source).read_text()
    try:
        flatbuffer = convert(module, wide == "wide")
        _run_once(flatbuffer)
    except Exception as error:  # of MLIR's own classes too; the reason goes to whoever started this process
        sys.stderr.write("\n" + " ".join(str(error).split()))
        return REFUSED
    Path(target).write_bytes(flatbuffer)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
