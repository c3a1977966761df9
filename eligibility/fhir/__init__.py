"""The payer over FHIR R4: see docs/fhir-profile.md for which element carries what."""
