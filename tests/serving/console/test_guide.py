"""The guide's table of the admin API is the API's."""

from tenon.serving.console import AdminApi
from tenon.serving.console._routes import ROUTES
from tests.documents import ROOT, table_rows
from tests.serving.console.doubles import World, ask

ROWS = table_rows(ROOT / "docs/guides/serving.md", "## Console")


def test_every_operation_is_in_the_guide_and_no_other():
    written = {
        cell.strip("`").replace("NAME", "{model}").replace("N:", "{version}:").replace("/N/", "/{version}/")
        for cell, _ in ROWS
    }
    assert written == {f"{route.method} {route.template}" for route in ROUTES}


def test_the_requests_of_the_guide_are_understood():
    for cell, _ in ROWS:
        method, path = cell.strip("`").replace("NAME", "half").replace("N:", "2:").replace("/N/", "/3/").split()
        assert ask(AdminApi(World().controls), method, path, b"{}", "model=half" if "try" in path else "").status in (
            200,
            400,
            404,
        )
