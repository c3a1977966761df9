"""Lists that the payer keeps for the institution: asked for, fetched later, shown to staff."""
