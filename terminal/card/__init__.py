"""The card: ISO/IEC 7816-4 commands and the applications of the My Number card.

Knows nothing of PC/SC: it needs a :class:`~terminal.card.connection.CardConnection` only.
"""
