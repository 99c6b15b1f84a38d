"""Text and CSV files as programs of many systems save them."""

import csv
from pathlib import Path

import numpy as np
import pytest

from labctl.core.csvmatrix import read_matrix
from labctl.core.csvstyle import EXCEL_COMMA, CsvStyle, DecimalMark, Separator, plain_text
from labctl.core.errors import PlanError, UnreadableFile
from labctl.core.textfile import printable, read_text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_text_with_a_byte_order_mark_is_read_and_lines_are_lines(tmp_path, encoding):
    path = tmp_path / "a.TOML"
    path.write_bytes('unit = "µA"\r\nb = 1\r\n'.encode(encoding))
    assert read_text(path) == 'unit = "µA"\nb = 1\n'


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (
            "eins\nzwei µ\n".encode("cp1252"),
            "a.txt, line 2, cannot be read: the byte 0xB5 is not valid UTF-8; open the file in an editor",
        ),
        ("name".encode("utf-16-le"), "a.txt holds bytes of value 0"),
        (b"\xff\xfea", "a.txt, line 1, cannot be read: the byte 0x61 is not valid UTF-16"),
    ],
)
def test_bytes_without_certain_meaning_are_refused_with_file_line_and_remedy(tmp_path, data, says):
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    with pytest.raises(UnreadableFile) as caught:
        read_text(path)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(UnreadableFile, match="cannot be read: No such file"):
        read_text(tmp_path / "none.txt")


def test_a_path_that_is_not_utf_8_can_be_printed():
    assert printable(Path("/tmp/m\udce4p")) == r"/tmp/m\xe4p"
    assert printable("\ud800") == r"\ud800"


@pytest.mark.parametrize(
    "text",
    [
        "# siemens\n1e-5, 2e-5\nnan, 4e-5\n",
        "1e-5;2e-5\nnan;4e-5\n",
        "0,00001;0,00002\r\nnan;4E-05\r\n",
        "sep=;\r\n0,00001;0,00002\r\nnan;0,00004\r\n",
        '"0,00001","0,00002"\nnan,"0,00004"\n',
        "1e-5\t2e-5\nnan\t0,00004\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_matrix_is_read_whatever_country_it_comes_from(tmp_path, text, encoding):
    path = tmp_path / "map.CSV"
    path.write_bytes(text.encode(encoding))
    np.testing.assert_array_equal(read_matrix(path), [[1e-5, 2e-5], [np.nan, 4e-5]])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1,2\n3\n", "line 2 has 1 values, the lines before it have 2"),
        ("1;2\n\n;3\n", "line 3, value 1 is empty"),
        ("1;1.000,5\n", "line 1, value 2: '1.000,5' is not a number: digits are not grouped"),
        ("1;1,500\n", "line 1, value 2: '1,500' could mean 1.500 or 1500"),
        ("# nothing\n", "it is empty"),
        ("sep=|\n1|2\n", "the separator '|' is not known"),
        ("1,inf\n", "line 1, value 2: 'inf' is not a number"),
    ],
)
def test_a_matrix_that_is_none_is_told_with_line_and_value(tmp_path, text, says):
    path = tmp_path / "map.csv"
    path.write_text(text)
    with pytest.raises(PlanError) as caught:
        read_matrix(path)
    assert says in str(caught.value)


def test_a_decimal_comma_between_commas_is_refused():
    with pytest.raises(PlanError, match="choose semicolon or tab"):
        CsvStyle(Separator.COMMA, DecimalMark.COMMA)


def test_text_never_becomes_a_formula():
    for text in ("=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1"):
        assert plain_text(text) == "'" + text
    assert [plain_text(text) for text in ("-", "a=1", "", "1-2")] == ["-", "a=1", "", "1-2"]


def test_numbers_are_written_exactly_in_both_styles(tmp_path):
    values = [1.23456789012e-7, -0.1, 3, 1e300]
    for style in (CsvStyle(), EXCEL_COMMA, CsvStyle(Separator.TAB, separator_line=True)):
        path = tmp_path / "a.csv"
        with path.open("w", encoding=style.encoding, newline="") as file:
            style.begin(file).writerow([style.cell(value) for value in values])
        np.testing.assert_array_equal(read_matrix(path), [values])
    assert EXCEL_COMMA.encoding == "utf-8-sig"
    with path.open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file, delimiter="\t")) == ["sep=", ""]
