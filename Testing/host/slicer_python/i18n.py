"""slicer.i18n: translation; the host speaks English only."""

__all__ = ["getContext", "tr", "translate"]


def tr(text):
    """The text itself."""
    return text


def translate(context, text):
    """The text itself."""
    return text


def getContext(sourceFile):
    """The context that a source file's texts are translated in."""
    return str(sourceFile).replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".py")
