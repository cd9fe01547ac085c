"""The learned score map: a small fully-convolutional network says where characters are and how large."""
