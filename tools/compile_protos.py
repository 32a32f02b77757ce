"""Compile src/tenon/formats/protos/*.proto into descriptors.binpb (run by `make protos`)."""

from __future__ import annotations

import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

from tenon.formats._protos import core_descriptors

PROTOS = Path(str(files("tenon.formats"))) / "protos"


def compile_protos() -> bytes:
    """Return the serialized descriptor set of every .proto file of Tenon, in order of their names' dependencies."""
    with tempfile.TemporaryDirectory() as folder:
        known, compiled = Path(folder, "imports.binpb"), Path(folder, "own.binpb")
        known.write_bytes(core_descriptors().SerializeToString())
        names = sorted(path.name for path in PROTOS.glob("*.proto"))
        arguments = [f"--descriptor_set_in={known}", f"--proto_path={PROTOS}", f"--descriptor_set_out={compiled}"]
        if protoc.main(["protoc", *arguments, *names]) != 0:
            sys.exit("protoc refused the .proto files; see its message above.")
        return compiled.read_bytes()


if __name__ == "__main__":
    (PROTOS / "descriptors.binpb").write_bytes(compile_protos())
