"""The page: films are heard, seen, edited and rendered in a browser, through a small REST API."""
