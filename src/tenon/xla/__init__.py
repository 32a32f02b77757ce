"""What we teach XLA; so far, to remember what it compiled."""

from tenon.xla._compile_cache import default_cache_directory, enable_compile_cache

__all__ = ["default_cache_directory", "enable_compile_cache"]
