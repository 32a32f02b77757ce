"""What we teach XLA; so far, to remember what it compiled and to run it without detours."""

from tenon.xla._compile_cache import default_cache_directory, enable_compile_cache
from tenon.xla._dispatch import run_in_calling_thread

__all__ = ["default_cache_directory", "enable_compile_cache", "run_in_calling_thread"]
