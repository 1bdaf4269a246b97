// Pages that are opened as files may not start a Worker, which the search needs: a hidden frame
// takes its place. Pages from a server keep their Worker.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      const inside = `
        <script>
          const addScript = (source) => new Promise((done, failed) => {
            const script = document.createElement("script");
            Object.assign(script, { src: source, onload: done, onerror: failed });
            document.head.append(script);
          });
          window.importScripts = (...sources) =>
            sources.reduce((before, source) => before.then(() => addScript(source)), Promise.resolve());
          window.postMessage = (message) => parent.postMessage(message, "*");
        <\/script>
        <script src="${url}"><\/script>`;
      this.ready = new Promise((resolve) => (this.frame.onload = resolve));
      this.frame.srcdoc = inside;
      document.body.append(this.frame);
      window.addEventListener("message", (event) => {
        if (event.source !== this.frame.contentWindow) return;
        const copy = new MessageEvent("message", { data: event.data });
        this.dispatchEvent(copy);
        if (this.onmessage) this.onmessage(copy);
      });
    }

    postMessage(message) {
      this.ready.then(() =>
        this.frame.contentWindow.dispatchEvent(new MessageEvent("message", { data: message })),
      );
    }

    terminate() {
      this.frame.remove();
    }
  };
}
