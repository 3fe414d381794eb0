"""What the picture says, as numbers and as words. Where to begin:

    watch             a film → its cues, decoding no more than needed
    follow            faces and lips closely, where somebody speaks
    encoder           pictures → cues: what every way of watching is like; encoders: the one that a model asks for
    cues              the table of numbers, and their words

    of one picture    images, frames, faces
    of two            motion
    of a film         face_tracks, shots, summary
    with the sound    synchrony (lips, motion, cuts), follow (all of it by name)
    with weights      pretrained: CLIP, captions, text

A new cue is a line of `cues.CUES` at its end and a column of `summary.cues_of_pictures`. Models ask for cues by name, so that
those that were trained before are told what they always were.
"""
