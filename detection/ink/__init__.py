"""The ink detector: no network; layout, columns and the likeliest cuts of each column, all from the page's ink."""
