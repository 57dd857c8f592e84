"""The tests; what is said here holds before anything of the daemon is imported."""

from __future__ import annotations

import os
import sys

# Without bytecode every process that a test starts compiles 350 modules first.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
