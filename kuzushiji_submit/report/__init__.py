"""A report to look at: one HTML file a page and an index, opening offline in any browser.

`build_report.build_report` makes it. Scoring and layout are done here; nothing of this loads torch.
"""
