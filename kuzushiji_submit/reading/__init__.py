"""Pages in, characters out: the pipeline, the run over a folder, its journal."""
