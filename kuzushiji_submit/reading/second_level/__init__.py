"""Second level: which of the characters read on a page are worth a row, judged by all that is known of each."""
