"""No core dumps: a picture of this process's memory could hold a PIN that was just typed.

What we hold of a PIN is cleared after VERIFY, but the web server, the form parser and pyscard's C
layer make copies that nobody can clear (docs/security.md lists them).  So the memory must not
leave the machine's RAM by a crash, nor be read by another process of the same user.
"""

from __future__ import annotations

import ctypes
import logging
import resource

log = logging.getLogger(__name__)

_PR_GET_DUMPABLE = 3
_PR_SET_DUMPABLE = 4
_NOTHING = (0, 0)


def forbid_core_dumps() -> None:
    """Make this process undumpable for the rest of its life; called before a PIN can come in.

    ``RLIMIT_CORE`` 0 alone is not enough: the kernel ignores it where dumps go to a program
    (core_pattern ``|…``, core(5)).  ``PR_SET_DUMPABLE`` 0 also keeps ptrace and /proc/PID/mem from
    other processes of the user (prctl(2)).  Where either is refused, a warning is logged and
    ``doctor`` fails.
    """
    if resource.getrlimit(resource.RLIMIT_CORE) != _NOTHING:
        try:
            resource.setrlimit(resource.RLIMIT_CORE, _NOTHING)
        except (OSError, ValueError) as error:
            log.warning("the size of core dumps cannot be limited: %s", error)
    if _prctl(_PR_SET_DUMPABLE) != 0:
        log.warning("core dumps cannot be switched off: errno %d", ctypes.get_errno())


def core_dumps_are_off() -> bool:
    """Whether the kernel holds this process to both limits now."""
    limits = resource.getrlimit(resource.RLIMIT_CORE)
    return limits == _NOTHING and _prctl(_PR_GET_DUMPABLE) == 0


def _prctl(option: int) -> int:
    """Call prctl(2) with second argument 0."""
    libc = ctypes.CDLL(None, use_errno=True)
    zero = ctypes.c_ulong(0)
    return int(libc.prctl(ctypes.c_int(option), zero, zero, zero, zero))
