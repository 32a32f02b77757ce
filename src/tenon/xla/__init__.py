"""What we teach XLA; so far, to remember what it compiled and to run it without detours."""

from tenon.xla._compile_cache import (
    add_compiled_programs,
    compile_cache_directory,
    compile_cache_in,
    compiled_programs,
    default_cache_directory,
    enable_compile_cache,
    enable_compile_cache_by_default,
)
from tenon.xla._dispatch import run_in_calling_thread
from tenon.xla._work import estimate_work

__all__ = [
    "add_compiled_programs",
    "compile_cache_directory",
    "compile_cache_in",
    "compiled_programs",
    "default_cache_directory",
    "enable_compile_cache",
    "enable_compile_cache_by_default",
    "estimate_work",
    "run_in_calling_thread",
]
