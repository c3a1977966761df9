"""The month's report of the desk's questions to the payer: counts and times, never a person."""
