"""From stored crops to a weights file. Only this part of the package needs PyTorch Lightning."""
