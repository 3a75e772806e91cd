"""What there is to say of an encrypted submission that cannot be opened, or not wholly."""

from collections.abc import Sequence
from typing import Final

from xlsforms.finding import Finding, info, warning
from xlsforms.marked import N_, worded

_NAMED: Final = 5
"""Files a finding names at most."""


def _listed(files: Sequence[str]) -> str:
    more = len(files) - _NAMED
    return ", ".join(files[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def designers_key() -> Finding:
    return info(
        "encrypted",
        N_(
            "The form has a public key of its designer's own, and the submission was encrypted to it. It is kept, "
            "counted and can be downloaded as it came; only who holds the private key can open it."
        ),
    )


def unknown_key() -> Finding:
    return warning(
        "unknown_key",
        N_("The submission was encrypted to a key that this server does not have. It is kept as it came."),
        N_(
            "If the keyring was restored without all its private keys, bring them back; then replay the submission."
        ),
    )


def unreadable(why: str) -> Finding:
    return warning(
        "manifest_unreadable",
        worded(
            "What should say how the submission was encrypted cannot be read. %(why)s It is kept as it came.",
            why=why,
        ),
        N_("Ask the interviewer whether the interview is still on the phone, and tell the administrator."),
    )


def xml_unusable(why: str) -> Finding:
    return warning(
        "encrypted_xml_damaged",
        worded(
            "The answers of this encrypted submission cannot be read. %(why)s It is kept as it came.", why=why
        ),
        N_("Ask the interviewer whether the interview is still on the phone, and tell the administrator."),
    )


def files_missing(files: Sequence[str], of: int) -> Finding:
    return warning(
        "encrypted_files_missing",
        worded(
            "%(number)s of the %(of)s files of this encrypted submission have not arrived: "
            "%(files)s. Its signature was not checked yet.",
            number=len(files),
            of=of,
            files=_listed(files),
        ),
        N_("The phone sends them by itself; ask the interviewer to open Collect where there is a network."),
    )


def files_damaged(files: Sequence[str]) -> Finding:
    return warning(
        "encrypted_file_damaged",
        worded(
            "These files were changed or cut short and cannot be opened: %(files)s. They are "
            "kept as they came.",
            files=_listed(files),
        ),
        N_("Ask the interviewer whether the interview is still on the phone, and tell the administrator."),
    )


def files_in_clear(files: Sequence[str]) -> Finding:
    return warning(
        "encrypted_file_in_clear",
        worded(
            "These files came encrypted, and under the same name in clear with other content:"
            " %(files)s. The clear ones stand.",
            files=_listed(files),
        ),
        N_("No phone does that: find out who sent them."),
    )


def signature_wrong() -> Finding:
    return warning(
        "signature_wrong",
        N_(
            "The signature of this encrypted submission does not match what came: something in it may have been changed "
            "after it was finished."
        ),
        N_("Compare it with what the interviewer knows before you rely on it; approve it if it is right."),
    )


MISSING: Final = files_missing([], 0).code
LASTING: Final = frozenset(one.code for one in (files_damaged([]), files_in_clear([]), signature_wrong()))
"""Codes of what is remembered of one that was opened. All others keep it from being opened, or are made anew."""
