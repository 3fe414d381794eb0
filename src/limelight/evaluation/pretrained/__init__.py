"""The networks whose outputs KLD and ΔIB compare: loaded when asked for, by name or from a folder (extra `eval`)."""
