"""slicer.i18n: translation; the host speaks English only."""

__all__ = ["getContext", "tr", "translate"]


def tr(text):
    """The text itself; Slicer looks for placeholders in it, which nothing else than a text has."""
    return translate("", text)


def translate(context, text):
    """The text itself."""
    if not isinstance(text, str):
        raise TypeError(f"{text!r} is no text to translate")
    return text


def getContext(sourceFile):
    """The context that a source file's texts are translated in."""
    return str(sourceFile).replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".py")
