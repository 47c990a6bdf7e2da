"""Attacks in the browser: what cells, files and other sites try, and that nothing comes of it."""

from __future__ import annotations

import http.server
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Error, expect

from tests.page import harness
from tests.viewer_security.client import Client
from tests.viewer_security.conftest import NAME, SCRIPT, make_trap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from tests.page.harness import Servers, Watch
    from tests.viewer_security.conftest import Trap
    from wbtable.viewer.server import Server

TABLE = "trap/things:v0"


class Elsewhere:
    """Another site on this machine: another port, which browsers count as the same site."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.page = b""
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                site.asked.append(self.path)
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(site.page)

            def do_POST(self) -> None:
                self.do_GET()

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def trap(tmp_path_factory: pytest.TempPathFactory) -> Trap:
    return make_trap(tmp_path_factory.mktemp("trap") / "store")


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    found = Elsewhere()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def server(serve: Servers, trap: Trap) -> Server:
    return serve.server(TABLE, store=trap.store)


@pytest.fixture
def refs(server: Server) -> dict[str, str]:
    found = Client(server).get("/api/files?project=trap&artifact=things&version=v0").json()["files"]
    return {file["path"]: file["media"]["ref"] for file in found if file["media"]}


def test_names_and_texts_are_never_markup(page: Page, server: Server) -> None:
    harness.open_table(page, server.url)
    assert NAME in page.locator(".grid-head").inner_text()
    assert harness.cells(page, 1, 1) == [f"{SCRIPT}0"]
    assert page.locator("img[src='x'], [onerror]").count() == 0
    assert page.locator("script:not([src])").count() == 0
    assert page.title() != "run"


def test_text_cannot_become_markup_or_code_in_the_page(page: Page, server: Server, watch: Watch) -> None:
    """Trusted Types and the policy stop what a mistake in a script of ours would let in."""
    watch.allow("Trusted", "(?i)content security policy")
    harness.open_table(page, server.url)
    page.add_init_script("0")
    outcome = page.evaluate(
        """async () => { const tried = {};
          const attempt = async (name, run) => {
            try { await run(); tried[name] = 'done'; } catch { tried[name] = 'refused'; } };
          await attempt('innerHTML', () => { document.createElement('div').innerHTML = '<b>a</b>'; });
          await attempt('srcdoc', () => { document.createElement('iframe').srcdoc = '<b>a</b>'; });
          await attempt('script', () => { document.createElement('script').text = '1'; });
          await attempt('policy', () => { trustedTypes.createPolicy('own', { createHTML: (text) => text }); });
          await attempt('elsewhere', () => fetch('http://127.0.0.1:9/'));
          return tried; }"""
    )
    assert set(outcome.values()) == {"refused"}, outcome


def test_a_document_of_a_cell_reaches_nothing(
    page: Page, server: Server, refs: dict[str, str], watch: Watch, elsewhere: Elsewhere, trap: Trap
) -> None:
    """Its scripts run, if somebody allows them, in an origin of their own without a network."""
    watch.allow("(?i)content security policy", "sandbox", "Blocked", "ERR_", "Unsafe attempt", "violates")
    # What is blocked is told as asked, too; whether anything arrived is checked below.
    watch.allow(elsewhere.origin)
    hostile = """<!doctype html><form id=f action="%(to)s/form" method=post></form><script>
      const tried = {};
      const attempt = async (name, run) => {
        try { tried[name] = String(await run()).slice(0, 60); } catch { tried[name] = 'refused'; } };
      (async () => {
        await attempt('origin', () => { if (self.origin !== 'null') throw 0; return 'null'; });
        await attempt('parent', () => parent.document.title);
        await attempt('cookie', () => document.cookie);
        await attempt('storage', () => localStorage.length);
        await attempt('api', async () => (await fetch('%(own)s/api/open', {credentials: 'include'})).text());
        await attempt('fetch', async () => (await fetch('%(to)s/fetch', {mode: 'no-cors'})).type);
        await attempt('popup', () => { if (!open('%(to)s/popup')) throw 0; return 'open'; });
        await attempt('top', () => { top.location = '%(to)s/top'; return 'gone'; });
        await attempt('eval', () => eval('1'));
        new Image().src = '%(to)s/image';
        navigator.sendBeacon?.('%(to)s/beacon', 'a');
        try { f.submit(); } catch {}
        const link = document.createElement('link');
        Object.assign(link, {rel: 'stylesheet', href: '%(to)s/style'});
        document.head.append(link);
        parent.postMessage(tried, '*');
        setTimeout(() => { location = '%(to)s/location'; }, 50);
      })();
    </script>"""
    import wbtable

    store = wbtable.Store(trap.store)
    draft = wbtable.Artifact("hostile", type="things")
    table = wbtable.Table(
        columns=["html"], data=[[wbtable.Html(hostile % {"to": elsewhere.origin, "own": server.origin})]]
    )
    draft.add(table, "hostile")
    store.commit(draft, project="trap")
    place = {"project": "trap", "artifact": "hostile", "version": "latest", "path": "hostile.table.json"}
    source = {"kind": "table", "tables": [place]}
    rows = Client(server).post("/api/rows", {"view": {"source": source}, "count": 1}).json()
    ref = rows["columns"][0]["values"][0]["ref"]
    harness.open_table(page, server.url)
    for sandbox in (
        "allow-scripts",
        "allow-scripts allow-same-origin allow-forms allow-popups allow-top-navigation",
        None,
    ):
        tried = page.evaluate(
            """([src, sandbox]) => new Promise((done) => {
              addEventListener('message', (event) => done({ ...event.data, from: event.origin }), { once: true });
              const frame = document.createElement('iframe');
              if (sandbox !== null) frame.setAttribute('sandbox', sandbox);
              frame.src = src;
              document.body.append(frame); })""",
            [f"/frame/{ref}&as=html&scripts=1", sandbox],
        )
        assert tried.pop("from") == "null"
        assert tried.pop("origin") == "null"
        assert set(tried.values()) == {"refused"}, (sandbox, tried)
    # Whatever it asked for had the time to arrive: our own server answers after it.
    expect(page.locator("iframe").first).to_be_attached()
    page.evaluate("fetch('/api/open').then((found) => found.text())")
    assert elsewhere.asked == []
    assert page.url.startswith(server.origin)
    assert page.title() != "run"


def test_documents_do_not_run_until_somebody_allows_it(
    page: Page, server: Server, refs: dict[str, str], watch: Watch
) -> None:
    watch.allow("Content Security Policy", "sandboxed", "Blocked script", "violates")
    harness.open_table(page, server.url)
    told = page.evaluate(
        """(src) => new Promise((done) => { addEventListener('message', () => done('ran'));
          const frame = document.createElement('iframe'); frame.src = src;
          frame.onload = () => done('quiet'); document.body.append(frame); })""",
        f"/frame/{refs['evil.html']}&as=html",
    )
    assert told == "quiet"


@pytest.mark.parametrize("name", ["evil.svg", "evil.html"])
def test_files_opened_on_their_own_run_nothing(
    page: Page, server: Server, refs: dict[str, str], watch: Watch, name: str
) -> None:
    watch.allow("403")
    harness.open_table(page, server.url)
    with page.expect_download() as found, pytest.raises(Error, match="Download is starting"):
        page.goto(f"{server.origin}/blob/{refs[name]}")
    assert found.value.failure() is None
    answer = page.goto(f"{server.origin}/frame/{refs[name]}&as=html&scripts=1")
    assert answer is not None
    assert answer.status == 403
    assert page.title() != "run"


def test_a_picture_with_scripts_stays_a_picture(page: Page, server: Server, refs: dict[str, str], watch: Watch) -> None:
    watch.allow("X-Frame-Options", "(?i)content security policy", "frame", "ERR_", "Trusted")
    harness.open_table(page, server.url)
    page.evaluate(
        """async (src) => { const all = { img: 'src', iframe: 'src', object: 'data', embed: 'src' };
          for (const [tag, key] of Object.entries(all)) {
          const made = document.createElement(tag);
          try { made[key] = src; } catch { continue; }
          document.body.append(made); }
          await (await fetch(src)).text(); }""",
        f"/blob/{refs['evil.svg']}",
    )
    assert page.title() != "run"
    assert all(frame.title() != "run" for frame in harness.each_frame(page))


def test_a_rebound_name_gets_nothing(page: Page, server: Server, watch: Watch) -> None:
    watch.allow("403", harness.REBOUND)
    answer = page.goto(f"http://{harness.REBOUND}:{server.port}/")
    assert answer is not None
    assert answer.status == 403
    asked = page.evaluate("fetch('/api/open').then((found) => found.status, () => 'refused')")
    assert asked in {403, "refused"}


def test_another_port_of_this_machine_gets_nothing(
    page: Page, server: Server, watch: Watch, elsewhere: Elsewhere, refs: dict[str, str]
) -> None:
    """Cookies do not tell ports apart, so it is the server that must."""
    watch.allow(elsewhere.origin, "403", "ERR_", "X-Frame-Options", "frame", "CORS", "Cross-Origin", "refused")
    watch.home(elsewhere.origin)
    harness.open_table(page, server.url)
    other = page.context.new_page()
    other.goto(elsewhere.origin)
    tried = other.evaluate(
        """async ([own, ref]) => {
          const tried = {};
          const attempt = async (name, run) => {
            try { tried[name] = await run(); } catch { tried[name] = 'refused'; } };
          const loads = (tag, key, url) => new Promise((done, fail) => { const made = document.createElement(tag);
            made.onload = () => done('loaded'); made.onerror = fail; made[key] = url; document.body.append(made); });
          const body = JSON.stringify({ project: 'trap', name: 'planted', number: -1, view: {} });
          await attempt('read', async () => (await fetch(own + '/api/open', { credentials: 'include' })).status);
          await attempt('write', async () => (await fetch(own + '/api/views', { method: 'POST', body,
            credentials: 'include', headers: { 'Content-Type': 'application/json' } })).status);
          await attempt('blind', async () => { await fetch(own + '/api/views', { method: 'POST', body, mode: 'no-cors',
            credentials: 'include' }); return 'sent'; });
          await attempt('image', () => loads('img', 'src', `${own}/thumb/${ref}&side=64`));
          await attempt('script', () => loads('script', 'src', own + '/api/open'));
          return tried; }""",
        [server.origin, refs["evil.html"]],
    )
    assert tried.pop("blind") in {"sent", "refused"}
    assert set(tried.values()) == {"refused"}, tried
    other.evaluate(
        "(own) => { const frame = document.createElement('iframe'); frame.src = own; document.body.append(frame); }",
        server.origin,
    )
    assert Client(server).get("/api/views?project=trap").json()["views"] == []
    other.close()


def test_no_link_of_a_cell_or_an_address_runs_a_script(page: Page, serve: Servers) -> None:
    import wbtable

    links = ["javascript:document.title='run'", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "vbscript:1"]
    links += ["data:text/html,<script>1</script>", "file:///etc/passwd", "//evil.example", "https://example.org/a"]
    server = serve.server(wbtable.Table(columns=["link"], data=[[link] for link in links]), port=None)
    harness.open_table(page, server.url)
    view = {
        "source": {"kind": "table", "tables": [{"url": "open:0"}]},
        "columns": [{"name": "link", "display": "link"}],
        "title": "javascript:alert(1)",
    }
    made = Client(server).post("/api/view", {"view": {key: view[key] for key in ("source", "columns")}})
    assert made.status == 200, json.dumps(made.json())
    page.goto(f"{server.origin}/?{made.json()['link'].rpartition('?')[2]}")
    harness.wait_rows(page)
    targets = page.evaluate("[...document.querySelectorAll('.grid a')].map((link) => link.href)")
    assert all(target.startswith(("https://", "http://", "mailto:")) for target in targets), targets
    for anchor in page.locator(".grid a").all():
        assert {"noopener", "noreferrer"} <= set((anchor.get_attribute("rel") or "").split())
