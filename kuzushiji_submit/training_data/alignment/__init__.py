"""Transcriptions laid over detected boxes: the text of a page becomes labels of its characters."""
