"""What a recognizer makes of annotated pages, as a report: figures, confusions, doubtful labels, heatmaps."""
