"""Reading submissions: the list, one submission, what the phone sent; and what a coordinator thinks of it."""

from app.services.answers import Answered, Section
from app.services.review import REVIEW_STATES, Reviewed, Unchanged, review, review_many
from app.services.submission_detail import (
    FileContent,
    FileLine,
    SubmissionDetail,
    VersionLine,
    read_file,
    read_submission,
    read_xml,
)
from app.services.submission_list import SubmissionLine, count_submissions, list_submissions, read_line

__all__ = [
    "REVIEW_STATES",
    "Answered",
    "FileContent",
    "FileLine",
    "Reviewed",
    "Section",
    "SubmissionDetail",
    "SubmissionLine",
    "Unchanged",
    "VersionLine",
    "count_submissions",
    "list_submissions",
    "read_file",
    "read_line",
    "read_submission",
    "read_xml",
    "review",
    "review_many",
]
