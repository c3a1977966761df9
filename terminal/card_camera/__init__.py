"""照合番号B off the card's face, by a camera over the reader.

Owns how a card is found in a picture, read by tesseract and believed; hands the number to the desk
and keeps nothing.  Imports only cameras and ``terminal.card.number_b``; numpy and
Pillow are loaded with the first picture.  Start reading at ``watch.py``.
"""
