"""The one encrypted database file: the only SQL and the only opener of it.

Start reading in :mod:`terminal.store.database`, then :mod:`terminal.store.schema`.
"""

from terminal.store.database import Store
from terminal.store.installation import StoreVerdict
from terminal.store.transaction import Transaction

__all__ = ["Store", "StoreVerdict", "Transaction"]
