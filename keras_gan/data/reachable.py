"""Checks within seconds whether a host answers."""

import threading
import urllib.error
import urllib.request

SECONDS = 5


def status(url: str, seconds: float = SECONDS) -> int | None:
    """The HTTP status of a URL, or None if nothing answers within `seconds`.

    Uses the proxies of the environment, as a download would. DNS look-ups have no timeout, so the
    request runs in a daemon thread.
    """
    statuses = []

    def ask():
        try:
            request = urllib.request.Request(url, method="HEAD")
            with urllib.request.urlopen(request, timeout=seconds) as response:
                statuses.append(response.status)
        except urllib.error.HTTPError as error:
            statuses.append(error.code)
        except (OSError, ValueError):
            pass

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return statuses[0] if statuses else None


def answers(url: str, seconds: float = SECONDS) -> bool:
    """Whether a download from `url` is worth trying: no proxy refuses it and no gateway fails."""
    return status(url, seconds) not in (None, 407, 502, 503, 504)
