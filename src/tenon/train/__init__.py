"""Checkpoints: the values of objects written into TensorFlow's files while training goes on, and given back.

>>> import tempfile
>>> from tenon.core.variables import Variable
>>> step = Variable(1)
>>> manager = CheckpointManager(Checkpoint(step=step), tempfile.mkdtemp(), max_to_keep=3)
>>> path = manager.save()
>>> _ = step.assign(5)
>>> _ = manager.restore_or_initialize()
>>> step.numpy()
np.int32(1)
"""

from collections.abc import Mapping as _Mapping
from typing import Any as _Any

from tenon.core.io import (
    BytesList,
    Example,
    Feature,
    FeatureList,
    FeatureLists,
    Features,
    FloatList,
    Int64List,
    SequenceExample,
)
from tenon.train._async import AsyncCheckpointer
from tenon.train._checkpoint import Checkpoint
from tenon.train._iterator import checkpoints_iterator
from tenon.train._keys import OBJECT_GRAPH, VARIABLE_VALUE, object_path
from tenon.train._manager import CheckpointManager
from tenon.train._options import CheckpointOptions
from tenon.train._reader import CheckpointReader, list_variables, load_checkpoint, load_variable
from tenon.train._retention import KeepAll, KeepAny, KeepBest, KeepEvery, KeepLatest, RetentionPolicy, SavedStep
from tenon.train._state_file import get_checkpoint_state, latest_checkpoint, write_checkpoint_state
from tenon.train._status import LoadStatus, UnmatchedError
from tenon.train._trackable import TrackableType, is_trackable, register_trackable
from tenon.train._trackable import known_type as trackable_type
from tenon.train._types import register_types as _register_types
from tenon.train._types import variable_type

_register_types()

NAMES: _Mapping[str, _Any] = {
    f"train.{value.__name__}": value
    for value in (
        Checkpoint,
        CheckpointManager,
        CheckpointOptions,
        checkpoints_iterator,
        get_checkpoint_state,
        latest_checkpoint,
        list_variables,
        load_checkpoint,
        load_variable,
    )
}
"""TensorFlow's public names of what stands here, by the path below ``tf``."""

__all__ = [
    "NAMES",
    "OBJECT_GRAPH",
    "VARIABLE_VALUE",
    "AsyncCheckpointer",
    "BytesList",
    "Checkpoint",
    "CheckpointManager",
    "CheckpointOptions",
    "CheckpointReader",
    "Example",
    "Feature",
    "FeatureList",
    "FeatureLists",
    "Features",
    "FloatList",
    "Int64List",
    "KeepAll",
    "KeepAny",
    "KeepBest",
    "KeepEvery",
    "KeepLatest",
    "LoadStatus",
    "RetentionPolicy",
    "SavedStep",
    "SequenceExample",
    "TrackableType",
    "UnmatchedError",
    "checkpoints_iterator",
    "get_checkpoint_state",
    "is_trackable",
    "latest_checkpoint",
    "list_variables",
    "load_checkpoint",
    "load_variable",
    "object_path",
    "register_trackable",
    "trackable_type",
    "variable_type",
    "write_checkpoint_state",
]
