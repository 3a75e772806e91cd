"""Texts of these packages that the pages show in their reader's language: written in English, and marked."""


def N_(message: str) -> str:  # noqa: N802 -- gettext's name for it
    """The text as it is; what collects texts for translators finds it by this name."""
    return message
