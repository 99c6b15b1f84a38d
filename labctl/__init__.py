"""labctl: instrument control and measurement for memristor crossbars with Mott neurons."""

from labctl.core.paths import use_compiler_cache

__version__ = "0.1.0"

use_compiler_cache()
