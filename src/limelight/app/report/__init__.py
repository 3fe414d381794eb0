"""The report: one page that opens offline and shows what was done to a film, and lets it be heard."""
