"""The explorer's server: an address of this machine, nothing shared but the page."""

import os
import socket
import tempfile
import time

from keras_gan.errors import refuse
from keras_gan.run.interruption import Interruption
from keras_gan.run.showing import explorer_page, projection
from keras_gan.run.showing.exploring import Explorer

LARGEST_UPLOAD = 5 * 2**20  # bytes


def serve(config, gan, source, view, title):
    """Serves the page until Ctrl-C or SIGTERM; returns the exit status of what ended it.

    Args:
        config: a `Config`.
        gan: the `GAN`.
        source: the data, or what is known of them.
        view: `RunView` of the run, or None.
        title: what is explored.
    """
    explorer = Explorer(gan, source, projection.extractor_of(config, source))
    port = free_port(config.host, config.port)
    with tempfile.TemporaryDirectory() as temporary, Interruption() as interruption:
        page = launch(explorer, view, title, config.host, port, temporary)
        try:
            print(f"http://{config.host}:{port}/  (Ctrl-C ends it)", flush=True)
            while interruption.status is None:
                time.sleep(0.2)
        finally:
            page.close(verbose=False)
    return interruption.status


def free_port(host, port):
    """`port` if it can be listened on, any free one for 0; a `UsageError` otherwise."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return probe.getsockname()[1]
    except socket.gaierror:
        refuse("host", host, "no such address", "127.0.0.1, or an address of this machine")
    except PermissionError:
        refuse("port", port, "may not be listened on", "1024 to 65535, or 0 for any free one")
    except OSError as error:
        flag, value = ("port", port) if error.errno == 98 else ("host", host)
        reason = "is in use" if flag == "port" else "can't be listened on"
        refuse(flag, value, reason, "another one, or --port=0 for any free one")


def launch(explorer, view, title, host, port, temporary):
    """Starts the server in threads of its own; returns the page, whose `close` ends it.

    It shares nothing but uploads and favourites, which are kept in `temporary`.
    """
    # Before Gradio is imported, which reads them.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_TEMP_DIR"] = temporary
    import gradio

    page = explorer_page.build(explorer, view, title, temporary)
    page.queue(api_open=False, default_concurrency_limit=1)
    page.launch(
        server_name=host,
        server_port=port,
        share=False,
        inbrowser=False,
        prevent_thread_lock=True,
        quiet=True,
        show_error=True,
        max_file_size=LARGEST_UPLOAD,
        footer_links=[],
        ssr_mode=False,
        pwa=False,
        enable_monitoring=False,
        _frontend=False,  # no request to itself, which a proxy or a busy machine makes fail
        css=explorer_page.CSS,
        theme=gradio.themes.Base(font=["sans-serif"], font_mono=["monospace"]),
    )
    return page
