"""Reference numbers (照会番号): the clinic's patient numbers, registered at the payer."""
