"""The library whose behaviour is seen: TensorFlow in the environment that has it, Tenon elsewhere."""

import importlib
import importlib.util

tf = importlib.import_module("tensorflow" if importlib.util.find_spec("tensorflow") else "tenon")
