"""What runs on Kaggle: building the kernels, and the programs inside them.

`build` makes the folder that the client pushes. `run_train` and `run_predict` are the main programs; they never load
torch themselves but start `python -m kuzushiji_submit ...`, so that a part that fails takes nothing else down.
"""
