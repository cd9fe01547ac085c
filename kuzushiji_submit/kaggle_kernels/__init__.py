"""What runs on Kaggle: building the kernels, and the programs inside them.

`build_kernel` makes the folder that the client pushes. `run_kernel` is the main program of both; it does the steps of
`all_steps` one after the other, and never loads torch itself but starts `python -m kuzushiji_submit ...`, so that a
part that fails takes nothing else down.
"""
