"""A plan handed over to an editor: stems, a timeline with keyframes, markers; and moved keyframes back into the plan."""
