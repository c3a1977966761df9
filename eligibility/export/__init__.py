"""Consented history as files: a FHIR R4 bundle, and tables (docs/history.md).

Pure: what goes in is a :class:`TakenHistory`, what comes out is bytes or rows.  What was told is
written as it was told; what is not known is left out, and what is doubtful says so.
"""

from eligibility.export.bundle import write_bundle
from eligibility.export.tables import Table, rows_of
from eligibility.export.taken import PartState, TakenHistory

__all__ = ["PartState", "Table", "TakenHistory", "rows_of", "write_bundle"]
