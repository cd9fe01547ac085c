"""Reading a page: the order of its characters, and what the text around each says of it."""
