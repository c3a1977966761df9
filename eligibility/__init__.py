"""What the payer says, and what it means.

Owns insured persons, coverage, consent values, the questions put to a payer and its answers.
Imports the standard library and, at its edges (``fhir``), an HTTP client; never ``terminal``,
``face_auth`` or ``web``.  Start reading in :mod:`eligibility.model`, then :mod:`eligibility.payer`.
"""
