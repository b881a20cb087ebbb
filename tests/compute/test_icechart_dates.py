"""Date of a chart: from metadata before the file name, by service; ambiguous dates are rejected."""

from datetime import date, time

import pytest

from floefield.compute.errors import UnsuitableInput
from floefield.compute.icechart.chart_identity import chart_date, chart_name

FGDC = """<?xml version="1.0"?><metadata><idinfo>
<citation><citeinfo><pubdate>{published}</pubdate></citeinfo></citation>
<timeperd><timeinfo>{period}</timeinfo></timeperd></idinfo>
<dataqual><lineage><srcinfo><srctime><timeinfo><sngdate><caldate>19960313</caldate></sngdate></timeinfo></srctime>
</srcinfo></lineage></dataqual></metadata>"""
ISO = """<gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd" xmlns:gml="http://www.opengis.net/gml/3.2">
<gmd:EX_TemporalExtent><gml:TimeInstant><gml:timePosition>2020-10-08T18:00:00Z</gml:timePosition></gml:TimeInstant>
</gmd:EX_TemporalExtent></gmd:MD_Metadata>"""


def fgdc(period="", published=""):
    return FGDC.format(period=period, published=published).encode()


@pytest.mark.parametrize(("name", "day"), [
    ("arctic201008", date(2020, 10, 8)),
    ("antarc210325", date(2021, 3, 25)),
    ("nic_autoc2020281n_pl_a", date(2020, 10, 7)),
    ("03012022_CEXPRWA", date(2022, 1, 3)),
    ("06092021_CEXPRWA", date(2021, 9, 6)),
    ("aari_arc_20140211_pl_a", date(2014, 2, 11)),
    ("nic_arctic_20201008_pl_a", date(2020, 10, 8)),
    ("201308070805_NorthEast_RIC", date(2013, 8, 7)),
    ("cis_SGRDRWA_20220103T1800Z_pl_a", date(2022, 1, 3)),
    ("weekly chart 2020-10-08", date(2020, 10, 8)),
    ("chart_25122020", date(2020, 12, 25)),
    ("ice_20201008_final", date(2020, 10, 8)),
])
def test_file_names_of_each_service_are_parsed(name, day):
    assert chart_date(name).day == day
    assert chart_date(name).origin == "name"


def test_the_time_is_read_where_the_file_name_has_one():
    assert chart_date("201308070805_NorthEast_RIC").time == time(8, 5)
    assert chart_date("arctic201008").time is None


@pytest.mark.parametrize(("name", "words"), [
    ("chart_03012022", "2022-01-03 or 2022-03-01"),
    ("chart_201008", "2008-10-20 or 2020-10-08"),
    ("chart_20201008_20201015", "2020-10-08 or 2020-10-15"),
    ("chart", "neither metadata nor file name"),
    ("arctic201399", "not a valid date"),
    ("99992022_CEXPRWA", "not a valid date"),
])
def test_missing_and_ambiguous_dates_are_rejected_with_the_parameter_to_set(name, words):
    with pytest.raises(UnsuitableInput, match=words) as rejected:
        chart_date(name)
    assert "DATE" in str(rejected.value)
    assert name in str(rejected.value)


@pytest.mark.parametrize(("metadata", "day"), [
    (fgdc("<sngdate>Every week\n<caldate>20220103</caldate><time>00:00:00 UTC</time></sngdate>"), date(2022, 1, 3)),
    (fgdc("<rngdates><begdate>20201002</begdate><enddate>20201008</enddate></rngdates>"), date(2020, 10, 8)),
    (fgdc("<rngdates><begdate>19960313</begdate><enddate>20201008</enddate></rngdates>", "20201009"),
     date(2020, 10, 9)),
    (fgdc(published="20201009"), date(2020, 10, 9)),
    (ISO.encode(), date(2020, 10, 8)),
])
def test_metadata_take_precedence_over_the_file_name(metadata, day):
    found = chart_date("chart_03012022", metadata)
    assert (found.day, found.origin) == (day, "metadata")


@pytest.mark.parametrize("metadata", [
    b"", b"no xml", fgdc(published="REQUIRED: The date when the data set is published"), fgdc(published="20201399"),
    b'<!DOCTYPE a [<!ENTITY b "20201008">]><metadata><citation><pubdate>&b;</pubdate></citation></metadata>',
    b"\xff\xfe\x00broken",
])
def test_metadata_without_a_date_are_ignored(metadata):
    assert chart_date("arctic201008", metadata).day == date(2020, 10, 8)


def test_the_date_set_by_the_user_takes_precedence():
    assert chart_date("arctic201008", fgdc(published="20201009"), user_date="2021-01-02").day == date(2021, 1, 2)
    with pytest.raises(UnsuitableInput, match="DATE is not a valid date: tomorrow"):
        chart_date("arctic201008", user_date="tomorrow")


@pytest.mark.parametrize(("name", "service", "area"), [
    ("arctic201008", "usnic", "arctic"), ("06092021_CEXPRWA", "cis", "rwa"),
    ("201308070805_NorthEast_RIC", "dmi", "northeast-ric"), ("aari_arc_20140211_pl_a", "aari", "arc"),
    ("nic_arctic_20201008_pl_a", "usnic", "arctic"), ("my chart 2020-10-08", "", "my-chart")])
def test_file_names_contain_service_and_area(name, service, area):
    assert (chart_name(name).service, chart_name(name).area) == (service, area)
