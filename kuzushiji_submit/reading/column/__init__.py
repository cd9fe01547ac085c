"""The column model: what the places before and after a character make of each of its readings."""
