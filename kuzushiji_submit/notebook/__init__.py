"""Pages in a notebook."""
