"""Annotations of other tools, PAGE XML and COCO, as the truth that everything here trains on."""
