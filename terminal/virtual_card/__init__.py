"""A My Number card as a program: a shipped part, plugged into a real PC/SC daemon.

Nothing imports this package but its own command line (``virtual-card``).
"""
