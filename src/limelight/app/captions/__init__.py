"""The check of captions: do they speak of what is seen, and does a model listen to them?"""
