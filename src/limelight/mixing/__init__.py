"""From a soundtrack and cues to a mix plan, and from a plan to sound."""
