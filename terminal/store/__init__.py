"""The one database file: the only SQL and the only opener of it."""
