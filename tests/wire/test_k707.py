"""Exact messages of the Keithley 707B driver (reference manual 707B-901-01 rev. A: names p. 5-6, lists p. 2-89)."""

from contextlib import contextmanager

import pytest
from pymeasure.test import expected_protocol

from instruments.keithley.k707 import Keithley707B, Keithley708B
from labctl.core.errors import InstrumentError, NotConfirmed, SettingOutOfRange
from labctl.core.route import Crosspoint

RULE = (
    "channel.connectrule = channel.BREAK_BEFORE_MAKE print(channel.connectrule, channel.BREAK_BEFORE_MAKE, "
    "errorqueue.count)"
)
OPENING = [
    ("errorqueue.clear() format.data = format.ASCII format.asciiprecision = 10", None),
    (RULE, "1.000000000e+00\t1.000000000e+00\t0.000000000e+00"),
]
A1, A2, C24, H72 = Crosspoint("A", 1), Crosspoint("A", 2), Crosspoint("C", 24), Crosspoint("H", 72)


def asking(names):
    return f'print(channel.getclose("{names}"), errorqueue.count)'


@contextmanager
def matrix(*exchanges, kind=Keithley707B):
    with expected_protocol(kind, [*OPENING, *exchanges]) as driver:
        yield driver


def test_another_connect_rule_is_not_confirmed():
    broken = (RULE, "2.000000000e+00\t1.000000000e+00\t0.000000000e+00")
    with (
        pytest.raises(NotConfirmed, match="not break-before-make"),
        expected_protocol(Keithley707B, [OPENING[0], broken]),
    ):
        pass


def test_relays_open_before_others_close_in_one_message_and_are_verified():
    message = f'channel.open("1A02") channel.close("1A01,2C12,6H12") {asking("1A01,1A02,2C12,6H12")}'
    with matrix((message, "1A01;2C12;6H12\t0.000000000e+00")) as driver:
        driver.change([A2], [H72, A1, C24])


def test_many_relays_are_verified_in_a_list_of_all():
    many = [Crosspoint("G", column) for column in range(1, 14)]
    names = ",".join([f"1G{n:02d}" for n in range(1, 13)] + ["2G01"])
    answer = names.replace(",", ";") + ";6H12\t0.000000000e+00"
    with matrix((f'channel.close("{names}") {asking("allslots")}', answer)) as driver:
        driver.change([], many)


def test_a_crosspoint_that_stays_open_is_named():
    with (
        matrix((f'channel.close("1A01,1A02") {asking("1A01,1A02")}', "1A01\t0.000000000e+00")) as driver,
        pytest.raises(NotConfirmed, match="1A02 did not close"),
    ):
        driver.change([], [A1, A2])


def test_a_welded_crosspoint_is_named():
    with (
        matrix((f'channel.open("1A01,1A02") {asking("1A01,1A02")}', "1A01\t0.000000000e+00")) as driver,
        pytest.raises(NotConfirmed, match="1A01 did not open"),
    ):
        driver.change([A1, A2], [])


def test_nothing_to_move_sends_nothing():
    with matrix() as driver:
        driver.change([], [])


def test_closed_reads_names_back_to_columns():
    with matrix(
        ('print(channel.getclose("allslots"))', "1G12;2A01;6F12"),
        ('print(channel.getclose("allslots"))', "nil"),
        ('print(channel.getclose("allslots"))', "1X03"),
    ) as driver:
        assert driver.closed() == {Crosspoint("G", 12), Crosspoint("A", 13), Crosspoint("F", 72)}
        assert driver.closed() == frozenset()
        with pytest.raises(InstrumentError, match="1X03"):
            driver.closed()


def test_what_the_matrix_complains_about_is_told_in_its_words():
    with (
        matrix(
            (f'channel.close("1A01") {asking("1A01")}', "nil\t1.000000000e+00"),
            ("print(errorqueue.next())", "1.114000000e+03\tSettings conflict\t2.0e+01\t1.0e+00"),
            ("print(errorqueue.next())", "0.000000000e+00\tQueue Is Empty\t0.0e+00\t0.0e+00"),
        ) as driver,
        pytest.raises(InstrumentError, match="1114: Settings conflict"),
    ):
        driver.change([], [A1])


@pytest.mark.parametrize(("kind", "column"), [(Keithley707B, 73), (Keithley707B, 0), (Keithley708B, 13)])
def test_a_column_that_no_card_has_is_refused(kind, column):
    with matrix(kind=kind) as driver, pytest.raises(SettingOutOfRange, match=f"column {column} "):
        driver.change([], [Crosspoint("A", column)])


def test_make_safe_aborts_and_opens_all():
    with matrix(
        ("abort", None), ('channel.open("allslots") print(channel.getclose("allslots"))', "nil")
    ) as driver:
        driver.make_safe()
