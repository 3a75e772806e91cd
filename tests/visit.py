"""A small form with a picture and a list beside it, and one that no converter takes."""

VISIT = """
| survey   |                                |      |       |              |
|          | type                           | name | label | media::image |
|          | select_one_from_file towns.csv | town | Town  |              |
|          | note                           | n    | Look  | face.png     |
| settings |                                |      |       |              |
|          | form_id                        | version | form_title |      |
|          | visit                          | 1    | Visit |              |
"""
BAD = VISIT.replace("| note ", "| nota ")
