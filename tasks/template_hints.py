"""What is written over, beside and in the columns of a template: header, how to fill in, an example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.process import FieldKind, FormField, decimal_text
from tasks.template_words import WORDS, Said


def header_of(field: FormField, language: str) -> str:
    """The header of a field's column; required ones are marked."""
    title = field.title.get(language)
    return WORDS[language]["marked"].format(title=title) if field.required else title


def how_to_fill(field: FormField, by_name: Mapping[str, FormField], language: str) -> str:
    """What is to be written in the cells of a field, in one sentence with its limits."""
    said = WORDS[language]
    kind = "rank" if field.name == "rank" else field.kind
    comma = said["comma"]
    text = said["kinds"][kind].format(
        choices=comma.join(field.choices), example=_file_name(field, language), text="" if field.text is None else field.text.get(language)
    )
    parts = [text, *_limits(field, said)]
    if field.when:
        parts += [
            said["only_if"].format(field=by_name[name].title.get(language) if name in by_name else name, values=comma.join(values))
            for name, values in field.when.items()
        ]
    told = ("；" if language == "zh" else "; ").join(parts)
    if field.help is None:
        return told
    return f"{told}；{field.help.zh}" if language == "zh" else f"{told}. {field.help.en}"


def _limits(field: FormField, said: Said) -> list[str]:
    found = []
    if field.max_length is not None:
        found.append(said["most_people" if field.kind == "people" else "longest"].format(n=field.max_length))
    if field.min is not None and field.name != "rank":
        found.append(said["least"].format(n=decimal_text(field.min)))
    if field.max is not None:
        found.append(said["most"].format(n=decimal_text(field.max)))
    for key, day in (("earliest", field.earliest), ("latest", field.latest)):
        if day is not None:
            found.append(said[key].format(day=f"{day:%Y-%m}" if field.kind == "month" else f"{day:%Y-%m-%d}"))  # type: ignore[literal-required]
    return found


def example(field: FormField, by_name: Mapping[str, FormField], codes: Sequence[str], language: str) -> str:
    """A made-up value that a field takes; empty where it would not be asked of the example."""
    if any(
        example(by_name[name], by_name, codes, language) not in values for name, values in (field.when or {}).items() if name in by_name
    ):
        return ""
    said = WORDS[language]
    comma = said["comma"]
    title = field.title.get(language)
    day = field.latest or field.earliest
    made: dict[FieldKind, str] = {
        "text": said["made_up"].format(title=title)[: field.max_length],
        "number": "1" if field.min is None else decimal_text(field.min),
        "date": f"{day:%Y-%m-%d}" if day else "2025-03-15",
        "month": f"{day:%Y-%m}" if day else "1985-06",
        "choice": field.choices[0] if field.choices else "",
        "people": comma.join(said["people"][: field.max_length]),
        "discipline": codes[0] if codes else "110",
        "email": "name@example.org",
        "phone": "000-00000000",
        "id_number": "000000190001010000",
        "file": _file_name(field, language),
        "declaration": said["yes"],
    }
    return made[field.kind]


def _file_name(field: FormField, language: str) -> str:
    types = field.media.types if field.media is not None else ("pdf",)
    return f"01-{field.title.get(language)}.{types[0]}"
