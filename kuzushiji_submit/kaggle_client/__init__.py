"""Kaggle through its own client: download, submit, kernels, datasets.

The `kaggle` package authenticates when it is imported, prints to stdout, ends the process when it has no credentials
and waits without limit for an answer. So it runs in a process of its own (`worker`), which `client` feeds with calls;
what fails there arrives here as one of the named errors.
"""
