from limelight.vision.cues import KINDS
from limelight.vision.pretrained.captions import PROMPTS, PromptStyle, read_prompts


def test_six_cues_are_asked_in_either_style() -> None:
    for style in (PromptStyle.minimal, PromptStyle.focused):
        questions = read_prompts(style)
        assert tuple(questions) == KINDS
        assert len(set(questions.values())) == len(KINDS)


def test_minimal_questions_are_short_and_focused_ones_hold_to_what_is_seen() -> None:
    minimal, focused = read_prompts(PromptStyle.minimal), read_prompts(PromptStyle.focused)
    for kind in KINDS:
        assert len(minimal[kind].split()) <= 10
        assert "In this film frame" in focused[kind]
        assert "one sentence of at most 25 words" in focused[kind].lower()
        assert any(word in focused[kind] for word in ("only what is visible", "visible faces", "visible things"))


def test_the_file_gives_reasons() -> None:
    comments = [line for line in PROMPTS.read_text(encoding="utf-8").splitlines() if line.startswith("# ")]
    assert len(comments) > 2 * len(KINDS)


def test_the_general_question_is_one_and_asks_for_no_sound() -> None:
    (question,) = read_prompts(PromptStyle.general).values()
    assert tuple(read_prompts(PromptStyle.general)) == ("general",)
    assert "sound" not in question.lower()
