"""A reader that adapts to a book nobody has labeled."""
