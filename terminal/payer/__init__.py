"""The way to the payer: questions committed before they are sent, when to ask, who sends."""
