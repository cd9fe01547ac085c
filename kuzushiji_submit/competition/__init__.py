"""The competition's own files, parsed into validated records."""
