"""The dense reader: says which character is at each box from one look at the whole page."""
