"""What all errors of the desk have in common."""

from __future__ import annotations


class TerminalError(Exception):
    """Root of all errors that this package raises."""
