"""Where a started process lives: in another one's namespaces, or without some of root's rights."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass

_libc = ctypes.CDLL(None, use_errno=True)

PR_CAPBSET_DROP = 24
CAPABILITY_VERSION_3 = 0x20080522
DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Place:
    """``namespaces`` are entered in their order; ``without`` are capabilities that are given up."""

    namespaces: tuple[str, ...] = ()
    without: tuple[int, ...] = ()

    def enter(self) -> None:
        """Take the process that calls there, for good; it must not have started a thread.

        Raises:
            OSError: the kernel does not let it.
        """
        for path in self.namespaces:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            _must(_libc.setns(descriptor, 0))
            os.close(descriptor)
        if self.without:
            _give_up(self.without)


AS_ANYBODY = Place(without=(DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER) if os.geteuid() == 0 else ())
"""Root, too, then has to ask for a file's rights."""


def _give_up(capabilities: tuple[int, ...]) -> None:
    # What the bounding set lacks, no program that is run from here on has either.
    for capability in capabilities:
        _must(_libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0))
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    # Effective, permitted and inheritable ones, of the first 32 and of the others.
    held = (ctypes.c_uint32 * 6)()
    _must(_libc.capget(header, held))
    kept = ~sum(1 << capability for capability in capabilities)
    for index in range(3):
        held[index] &= kept
    _must(_libc.capset(header, held))


def _must(status: int) -> None:
    if status != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
