"""A real browser for tests: headless Chromium driven by Selenium, and a static web server."""

import contextlib
import functools
import http.server
import os
import shutil
import threading

import pytest


@contextlib.contextmanager
def chromium(folder):
    """A Chromium without a window; its profile and downloads are below `folder`.

    Skips where Debian's packages chromium and chromium-driver are missing, except in the
    project's own check (CI=true), where that is a failure.
    """
    driver, browser = shutil.which("chromedriver"), shutil.which("chromium")
    if not driver or not browser:
        needs = "needs Debian's packages chromium and chromium-driver"
        pytest.fail(needs) if os.environ.get("CI") else pytest.skip(needs)
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--window-size=1200,1400",
        f"--user-data-dir={folder / 'profile'}",
    ):
        options.add_argument(argument)
    options.add_experimental_option("prefs", {"download.default_directory": str(folder)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    window = webdriver.Chrome(options, webdriver.ChromeService(executable_path=driver))
    try:
        window.set_page_load_timeout(60)
        window.set_script_timeout(60)
        yield window
    finally:
        window.quit()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        """Says nothing."""


@contextlib.contextmanager
def static_server(folder):
    """The address of a server of static files, as any host has."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


def until(window, condition, seconds=60, what="the page"):
    """Waits for a function of the window to be true, and returns its value."""
    from selenium.webdriver.support.ui import WebDriverWait

    wait = WebDriverWait(window, seconds, poll_frequency=0.1)
    return wait.until(condition, message=what)


def errors(window):
    """What the browser's console has of errors."""
    return [entry["message"] for entry in window.get_log("browser") if entry["level"] == "SEVERE"]
