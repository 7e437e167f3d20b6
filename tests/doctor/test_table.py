from pathlib import Path

from dlp.doctor.owasp import NAMES
from dlp.doctor.page import page
from dlp.doctor.table import CHECKS

DOCUMENT = Path(__file__).parents[2] / "docs" / "DOCTOR.md"


def test_the_reference_page_is_up_to_date():
    assert DOCUMENT.read_text() == page(), "run: dlp doctor --list > docs/DOCTOR.md"


def test_readme_counts_the_checks():
    readme = (DOCUMENT.parents[1] / "README.md").read_text()
    assert f"makes {len(CHECKS)} checks" in readme


def test_ids_are_unique_and_every_row_is_whole():
    ids = [check.id for check in CHECKS]
    assert len(ids) == len(set(ids))
    for check in CHECKS:
        assert all((check.title, check.why, check.remedy, check.owasp)), check.id
        assert set(check.owasp) <= set(NAMES), check.id
        assert any(name.startswith("ASI") for name in check.owasp), check.id


def test_owasp_has_ten_risks_and_seventeen_threats():
    risks = [f"ASI{number:02d}" for number in range(1, 11)]
    threats = [f"T{number}" for number in range(1, 18)]
    assert list(NAMES) == [*risks, *threats]
