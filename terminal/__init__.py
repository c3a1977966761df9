"""The desk: card, visit, consent, store, schedule.

Owns the visit and everything that is kept; may import ``eligibility`` and ``face_auth``, never
``web``.  Start reading in :mod:`terminal.visit`, then :mod:`terminal.visit_steps`, which is the
only place where card and payer meet, and :mod:`terminal.reception`, which the pages call.
"""

__version__ = "0.1.0"
