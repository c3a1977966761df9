"""A payer as a program: a shipped part with a made-up insured population.

Nothing imports this package but its own command line (``payer-simulator``).
"""
