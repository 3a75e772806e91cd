"""A form version as a questionnaire on paper."""

from app import problems
from app.exports import paper
from app.language import _
from app.models import FormVersion
from xlsforms import questionnaire as reading
from xlsforms.schema import Form


def questionnaire(version: FormVersion, *, language: str | None = None, beside: str | None = None) -> bytes:
    """The PDF in a language of the form, its default one if none is named, and in another `beside` it. Raises the
    Problem `invalid`."""
    form = Form.from_json(version.schema)
    spoken = [
        language or form.default_language or next(iter(form.languages), ""),
        *([beside] if beside else []),
    ]
    for one in spoken:
        if form.languages and one not in form.languages:
            raise problems.invalid(
                _("The form has no such language."),
                _("Choose one of %(languages)s.", languages=", ".join(form.languages)),
            )
    try:
        return paper.pdf(reading.read(form, tuple(dict.fromkeys(spoken))))
    except reading.TooLong:
        raise problems.invalid(
            _(
                "The form is too long for paper: more than %(count)s questions and choices.",
                count=format(reading.MOST_LINES, ","),
            ),
            _("Attach its long lists as CSV files: they are not printed."),
        ) from None
