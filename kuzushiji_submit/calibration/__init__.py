"""How far a reader's scores can be trusted: the temperature, and the score below which nothing is submitted."""
