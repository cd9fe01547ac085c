"""Readings in the formats of libraries: PAGE XML, ALTO, hOCR, COCO, plain text; one file a page."""
