"""The listening study: clips and versions into a folder that anybody can open (`make`), answers into figures (`read`)."""
