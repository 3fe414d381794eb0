"""Ways to watch that need weights from elsewhere (extra `context`): torch and transformers, imported when first used."""
