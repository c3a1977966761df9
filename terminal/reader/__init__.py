"""The reader: PC/SC, or a socket where no PC/SC can be had.

The only package that imports ``smartcard``.  Start reading in :mod:`terminal.reader.types`.
"""
