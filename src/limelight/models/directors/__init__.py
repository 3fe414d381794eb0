"""Who decides on the gains of stems."""
