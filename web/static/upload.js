// Sends files in parts from where they stand in a page, goes on after a cut, and says how far it is.
(function () {
  "use strict";
  const seat = document.querySelector('form[action="/leave"]');
  const boxes = document.querySelectorAll("[data-upload]");
  if (!seat || !boxes.length || !window.fetch || !Blob.prototype.slice) return;
  const AREA = "jinbang-upload:";
  const PART = 4 * 1024 * 1024;
  const FIRST_WAIT = 1000;
  const LAST_WAIT = 30000;
  const LOOK_AGAIN = 2000;
  const guard = {"Jinbang-As": seat.elements.as.value, "Jinbang-Csrf": seat.elements.csrf.value, "Tus-Resumable": "1.0.0"};

  function encoded(text) {
    return btoa(unescape(encodeURIComponent(text)));
  }
  function recall(key) {
    try {
      return localStorage.getItem(AREA + key);
    } catch (error) {
      return null;
    }
  }
  function remember(key, address) {
    try {
      if (address) localStorage.setItem(AREA + key, address);
      else localStorage.removeItem(AREA + key);
    } catch (error) {
      // A browser that keeps nothing begins anew after the page is closed.
    }
  }
  function pause(milliseconds) {
    return new Promise((go) => {
      const timer = setTimeout(done, milliseconds);
      function done() {
        clearTimeout(timer);
        window.removeEventListener("online", done);
        go();
      }
      window.addEventListener("online", done);
    });
  }
  async function sentence(answer, otherwise) {
    if (answer.status === 403) return otherwise.gone;
    try {
      return (await answer.json()).message || otherwise.failed;
    } catch (error) {
      return otherwise.failed;
    }
  }

  boxes.forEach(function (box) {
    const words = box.dataset;
    const plain = box.querySelector("[data-plain]");
    if (!plain) return;
    const state = box.querySelector(".upload-state");
    const input = document.createElement("input");
    const label = document.createElement("label");
    const acts = plain.parentNode;
    let running = null;

    input.type = "file";
    input.id = "upload-" + words.field.replace("@", "");
    input.accept = words.accept;
    input.className = "upload-input";
    label.htmlFor = input.id;
    label.className = plain.className;
    label.textContent = state.dataset.state === "kept" ? words.again : words.choose;
    input.setAttribute("aria-label", words.label + " " + label.textContent);
    acts.insertBefore(input, plain);
    acts.insertBefore(label, plain);
    acts.removeChild(plain);

    function show(text, kind) {
      state.textContent = "";
      const line = document.createElement("p");
      line.className = kind || "";
      line.textContent = text;
      line.setAttribute("role", kind === "fault" ? "alert" : "status");
      state.appendChild(line);
      return line;
    }
    function showKept(found) {
      const line = show("", "upload-kept");
      const link = document.createElement("a");
      link.href = "/submit/uploads/" + found.id + "/file";
      link.textContent = found.name;
      line.appendChild(link);
      line.appendChild(document.createTextNode(" " + found.kept));
      label.textContent = words.again;
    }

    // One file on its way. `stopped` ends it after the part at hand.
    function sender(file) {
      const key = [words.draft, words.field, file.name, file.size, file.lastModified].join("|");
      let part = PART;
      let address = recall(key);
      let stopped = false;
      let sending = null;
      let bar = null;
      let text = null;

      function draw(done) {
        if (!bar) {
          text = show("");
          bar = document.createElement("progress");
          bar.className = "bar";
          bar.max = 100;
          bar.setAttribute("aria-label", words.going + " " + file.name);
          state.appendChild(bar);
          const stop = document.createElement("button");
          stop.type = "button";
          stop.className = "button secondary small";
          stop.textContent = words.cancel;
          stop.addEventListener("click", cancel);
          state.appendChild(stop);
        }
        const share = file.size ? Math.floor(done / file.size * 100) : 0;
        bar.value = share;
        text.textContent = words.going + " " + file.name + " " + share + "%";
      }
      async function cancel() {
        stopped = true;
        if (sending) sending.abort();
        running = null;
        state.textContent = "";
        input.value = "";
        await forget();
      }
      async function forget() {
        remember(key, null);
        if (address) await fetch(address, {method: "DELETE", headers: guard, credentials: "same-origin"}).catch(() => null);
      }
      async function offset() {
        if (!address) return null;
        const answer = await fetch(address, {method: "HEAD", headers: guard, credentials: "same-origin", cache: "no-store"});
        if (answer.status === 404 || answer.status === 410) return null;
        if (!answer.ok) throw answer;
        if (parseInt(answer.headers.get("Upload-Length"), 10) !== file.size) return null;
        return parseInt(answer.headers.get("Upload-Offset"), 10);
      }
      async function begin() {
        const about = "filename " + encoded(file.name) + ",field " + encoded(words.field) + (words.draft ? ",draft " + encoded(words.draft) : "");
        const headers = Object.assign({"Upload-Length": String(file.size), "Upload-Metadata": about}, guard);
        const answer = await fetch("/submit/uploads", {method: "POST", headers: headers, credentials: "same-origin"});
        if (answer.status !== 201) throw answer;
        address = answer.headers.get("Location");
        part = parseInt(answer.headers.get("Jinbang-Part"), 10) || part;
        remember(key, address);
        return 0;
      }
      // Sends one part. XMLHttpRequest tells how far it is; fetch does not.
      function push(at) {
        return new Promise((done, failed) => {
          sending = new XMLHttpRequest();
          sending.open("PATCH", address);
          Object.keys(guard).forEach((name) => sending.setRequestHeader(name, guard[name]));
          sending.setRequestHeader("Upload-Offset", String(at));
          sending.setRequestHeader("Content-Type", "application/offset+octet-stream");
          sending.upload.onprogress = (event) => stopped || draw(Math.min(file.size, at + event.loaded));
          sending.onload = () => done({
            status: sending.status,
            ok: sending.status === 204,
            offset: parseInt(sending.getResponseHeader("Upload-Offset"), 10),
            json: () => JSON.parse(sending.responseText)
          });
          sending.onerror = sending.onabort = () => failed(new TypeError("cut"));
          sending.send(file.slice(at, at + part));
        });
      }
      async function outcome() {
        for (;;) {
          const answer = await fetch(address, {headers: {Accept: "application/json"}, credentials: "same-origin", cache: "no-store"});
          if (!answer.ok) throw answer;
          const found = await answer.json();
          if (found.state !== "checking") return found;
          show(words.checking + " " + file.name);
          bar = null;
          await pause(LOOK_AGAIN);
        }
      }
      function lasting(status) {
        return status && status !== 409 && status !== 423 && status !== 429 && status < 500;
      }
      async function go() {
        let wait = FIRST_WAIT;
        let at = null;
        draw(0);
        while (!stopped) {
          try {
            if (at === null) {
              at = await offset();
              if (at === null) at = await begin();
              if (stopped) {
                await forget(); // cancelled while it was being announced
                return;
              }
            }
            while (at < file.size && !stopped) {
              draw(at);
              const answer = await push(at);
              if (!answer.ok) throw answer;
              at = answer.offset;
              wait = FIRST_WAIT;
            }
            if (stopped) return;
            const found = await outcome();
            remember(key, null);
            if (words.then && found.state === "kept") location.href = words.then + found.id;
            else if (found.state === "kept") showKept(found);
            else show(found.message || words.failed, "fault");
            return;
          } catch (trouble) {
            if (stopped) return;
            if (lasting(trouble.status)) {
              remember(key, null);
              show(await sentence(trouble, words), "fault");
              return;
            }
            at = null;
            draw(0);
            text.textContent = words.paused + " " + file.name;
            await pause(wait);
            wait = Math.min(wait * 2, LAST_WAIT);
          }
        }
      }
      return {go: go};
    }

    input.addEventListener("change", async () => {
      if (!input.files.length || running) return;
      running = sender(input.files[0]);
      input.disabled = true;
      const mine = running;
      await mine.go();
      if (running === mine || !running) {
        running = null;
        input.disabled = false;
        input.value = "";
      }
    });
  });

  window.addEventListener("beforeunload", (event) => {
    if (document.querySelector("[data-upload] progress")) event.preventDefault();
  });
})();
