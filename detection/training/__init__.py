"""Training of the learned score map on PyTorch Lightning."""
