"""The desk: card, visit, consent, store, schedule.

The visit and what staff and patient do in it are modules of this package; what stands around it
are packages of their own: ``card``, ``reader``, ``card_camera`` and ``face`` for who comes,
``payer`` for questions, ``expected`` and ``bulk`` for the day before, ``register`` and
``references`` for the clinic's own patients, ``report``, ``access`` and ``store``.

Owns the visit and everything that is kept; may import ``eligibility`` and ``face_auth``, never
``web``.  Start reading in :mod:`terminal.visit`, then :mod:`terminal.visit_steps`, which is the
only place where card and payer meet, and :mod:`terminal.reception`, which the pages call.
"""

__version__ = "0.1.0"
