"""The reference's own modules are importable by name: `tests` itself is not a package, and must not become one."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
