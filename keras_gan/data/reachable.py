"""Whether a host answers, found out in seconds."""

import threading
import urllib.error
import urllib.request

SECONDS = 5


def status(url, seconds=SECONDS):
    """The HTTP status of a URL, or None if nothing answers within `seconds`.

    Goes through the proxies of the environment, as a download would. Looking a name up knows no
    time limit of its own, so all is done in a thread that is left behind.
    """
    found = []

    def ask():
        try:
            request = urllib.request.Request(url, method="HEAD")
            with urllib.request.urlopen(request, timeout=seconds) as response:
                found.append(response.status)
        except urllib.error.HTTPError as error:
            found.append(error.code)
        except (OSError, ValueError):
            pass

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return found[0] if found else None


def answers(url, seconds=SECONDS):
    """Whether a download from `url` is worth a try: not refused by a proxy, nor a dead gateway."""
    return status(url, seconds) not in (None, 407, 502, 503, 504)
