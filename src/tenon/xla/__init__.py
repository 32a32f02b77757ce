"""What we teach XLA: better ways to say operations, to remember what it compiled, to run it without detours."""

from tenon.xla._compile_cache import (
    add_compiled_programs,
    compile_cache_directory,
    compile_cache_in,
    compiled_programs,
    default_cache_directory,
    enable_compile_cache,
    enable_compile_cache_by_default,
)
from tenon.xla._convolution_library import choose_convolution_library
from tenon.xla._dispatch import limit_program_threads, run_in_calling_thread
from tenon.xla._memory import keep_freed_memory
from tenon.xla._work import estimate_work
from tenon.xla.lowering import (
    LOWERING_RULES,
    install_lowering_rules,
    lowering_rules_enabled,
    set_lowering_rules_enabled,
    without_lowering_rules,
)

__all__ = [
    "LOWERING_RULES",
    "add_compiled_programs",
    "choose_convolution_library",
    "compile_cache_directory",
    "compile_cache_in",
    "compiled_programs",
    "default_cache_directory",
    "enable_compile_cache",
    "enable_compile_cache_by_default",
    "estimate_work",
    "install_lowering_rules",
    "keep_freed_memory",
    "limit_program_threads",
    "lowering_rules_enabled",
    "run_in_calling_thread",
    "set_lowering_rules_enabled",
    "without_lowering_rules",
]
