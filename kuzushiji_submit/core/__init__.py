"""The ground floor: what both stages and every other room stand on. Imports nothing else of the project."""
