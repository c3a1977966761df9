"""Are these two pictures the same person, and is one of them alive?

Owns a decision about images: arrays in, a decision out.  Imports no other package of the project.
"""
