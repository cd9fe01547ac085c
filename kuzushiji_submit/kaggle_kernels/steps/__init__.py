"""The steps of a kernel's run, a file each."""
