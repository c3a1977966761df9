"""The one encrypted database file: the only SQL and the only opener of it.

Start reading in :mod:`terminal.store.database`, then :mod:`terminal.store.schema`.
"""

import sys

if "numpy" not in sys.modules:
    # sqlite-utils loads numpy where it is installed, for column types that no table here has; a
    # desk without cameras is smaller by 12 MiB and starts sooner without it
    sys.modules["numpy"] = None  # type: ignore[assignment]  # "cannot be imported"
    import sqlite_utils  # noqa: F401  # to be found loaded by all others

    del sys.modules["numpy"]

from terminal.store.database import Store
from terminal.store.installation import StoreVerdict
from terminal.store.transaction import Transaction

__all__ = ["Store", "StoreVerdict", "Transaction"]
