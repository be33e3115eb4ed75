// Keeps what a reviewer types on this device until the server has it, and sends it. Loaded by every page of a reviewer.
(function () {
  "use strict";
  const seat = document.querySelector('form[action="/leave"]');
  const notes = document.getElementById("score");
  if (!seat || !notes) return;
  const OWN = seat.elements.as.value;
  const AREA = "jinbang:";
  const TABLE = OWN + "~table"; // not among the drafts of sheets, which are sent by themselves
  const LARGEST_FAREWELL = 60000; // browsers refuse larger bodies that shall outlive their page
  const LONGEST = 20000; // milliseconds for an answer: on a line that swallows everything, a browser alone would wait for minutes
  const UNSEEN = /[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g; // comes along with copied text
  let csrf = seat.elements.csrf.value;
  let base = null;
  let broken = !window.idbKeyval;
  try {
    if (!broken) base = idbKeyval.createStore("jinbang", "drafts");
  } catch (error) {
    broken = true;
  }

  // IndexedDB, or localStorage where a browser refuses it.
  async function stored(inBase, inArea) {
    if (!broken) {
      try {
        return await inBase();
      } catch (error) {
        broken = true;
      }
    }
    try {
      return inArea();
    } catch (error) {
      return null;
    }
  }
  const put = (key, draft) => stored(
    () => idbKeyval.set(key, draft, base),
    () => localStorage.setItem(AREA + key, JSON.stringify(draft))
  );
  const get = (key) => stored(() => idbKeyval.get(key, base), () => JSON.parse(localStorage.getItem(AREA + key)));
  const drop = (key) => stored(() => idbKeyval.del(key, base), () => localStorage.removeItem(AREA + key));
  // All drafts of this person as [key, draft], the oldest first.
  async function all() {
    const found = await stored(
      () => idbKeyval.entries(base),
      () => Object.keys(localStorage).filter((key) => key.startsWith(AREA))
        .map((key) => [key.slice(AREA.length), JSON.parse(localStorage.getItem(key))])
    );
    return (found || []).filter(([key]) => key.startsWith(OWN + "|")).sort((a, b) => a[1].at - b[1].at);
  }

  // A tab writes drafts of its own, so that no other tab overwrites them; a reloaded tab goes on with its own.
  function tab() {
    try {
      if (!sessionStorage.tab) sessionStorage.tab = Date.now().toString(36) + Math.random().toString(36).slice(2, 8);
      return sessionStorage.tab;
    } catch (error) {
      return "0";
    }
  }

  const seen = (text) => String(text || "").replace(UNSEEN, "");
  function number(text) {
    const plain = seen(text).replace(/[０-９]/g, (digit) => String.fromCharCode(digit.charCodeAt(0) - 0xfee0))
      .replace(/[．。｡]/g, ".").replace(/[－−]/g, "-").replace(/＋/g, "+").trim();
    return /^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(plain) ? parseFloat(plain) : null;
  }
  function plain(name, value) {
    if (name.startsWith("skip.")) return value ? "1" : "";
    const text = seen(value).replace(/\r\n?/g, "\n").normalize("NFC").trim();
    const mark = name.startsWith("mark.") ? number(text) : null;
    return mark === null ? text : String(mark);
  }
  // Whether two contents say the same, however it was typed.
  function same(one, other) {
    return Object.keys(Object.assign({}, one, other)).every((name) => plain(name, one[name]) === plain(name, other[name]));
  }

  // Asks the server; who gets no answer in time hears the same as without a line. What was sent is perhaps saved, and is sent again.
  function ask(address, options) {
    const patience = window.AbortController ? new AbortController() : null;
    if (patience) setTimeout(() => patience.abort(), LONGEST);
    return fetch(address, Object.assign({credentials: "same-origin"}, patience && {signal: patience.signal}, options));
  }

  // The visit of this page may have ended while another page entered anew by the same link: its pages tell the new secret.
  async function renew() {
    const answer = await ask("/review");
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector('form[action="/leave"]');
    const [as, secret] = ["as", "csrf"].map((name) => fresh && fresh.querySelector("[name=" + name + "]").value);
    if (as !== OWN || secret === csrf) return false;
    csrf = secret;
    return true;
  }

  async function once(draft, farewell) {
    const body = new URLSearchParams({as: OWN, csrf: csrf, revision: draft.revision, then: ""});
    Object.keys(draft.fields).forEach((name) => body.append(name, seen(draft.fields[name])));
    const answer = await ask("/review/" + encodeURIComponent(draft.code), {
      method: "POST",
      headers: {Accept: "application/json"},
      keepalive: Boolean(farewell) && body.toString().length < LARGEST_FAREWELL,
      body: body
    });
    const json = /json/.test(answer.headers.get("Content-Type") || "") ? await answer.json() : null;
    const status = answer.status;
    if (status === 429 || status >= 500) return {kind: "retry", wait: parseInt(answer.headers.get("Retry-After"), 10) || 0};
    if (status === 200 && json) return Object.assign({kind: "saved"}, json);
    if (json && json.faults) return {kind: "faults", faults: json.faults};
    if (json && json.stale) return Object.assign({kind: "stale"}, json);
    if (json && json.late) return {kind: "late", message: json.message};
    if (json && json.off_list) return {kind: "offList", message: json.message};
    if (status === 403 || status === 409 || answer.redirected) return {kind: "gone", message: json ? json.message : ""};
    return {kind: "refused"};
  }

  // Sends one draft. Yields what came of it: saved, faults, stale, late, gone (the visit
  // ended), offList (the entry left the reviewer's hands), refused, retry (a tired server), offline.
  async function send(draft, farewell) {
    try {
      const outcome = await once(draft, farewell);
      return outcome.kind === "gone" && !farewell && (await renew()) ? once(draft) : outcome;
    } catch (error) {
      return {kind: "offline"};
    }
  }

  // A content in which the named fields are as they were saved.
  function without(fields, base, names) {
    const rest = Object.assign({}, fields);
    names.forEach((name) => {
      if (base[name]) rest[name] = base[name];
      else delete rest[name];
    });
    return rest;
  }
  // Sends one draft; what is refused at its field stays as it was saved and holds up nothing else. Yields what came of it, with
  // what was sent last as `sent` and the sentences of all that was refused as `faults`.
  async function deliver(draft, farewell) {
    const faults = {};
    let sent = draft.fields;
    for (;;) {
      const outcome = await send(Object.assign({}, draft, {fields: sent}), farewell);
      outcome.sent = sent;
      outcome.faults = Object.assign(faults, outcome.faults);
      if (outcome.kind !== "faults" || !draft.base) return outcome;
      const rest = without(sent, draft.base, Object.keys(faults));
      if (same(rest, sent) || same(rest, draft.base)) return outcome;
      sent = rest;
    }
  }

  // An answer that got lost: the server holds what this very draft sent before.
  function rebased(draft, outcome) {
    if (outcome.kind !== "stale" || outcome.signed) return false;
    if (!(draft.tried || []).concat([draft.fields]).some((one) => same(one, outcome.content))) return false;
    draft.revision = outcome.revision;
    draft.base = outcome.content;
    draft.tried = [];
    return true;
  }

  const open = document.getElementById("sheet");
  const kept = document.getElementById("score-kept");
  let running = false;
  // Forgets a draft that was sent, unless its page has kept a newer one meanwhile.
  async function forget(key, draft) {
    const now = (await all()).find(([other]) => other === key);
    if (!now || now[1].at === draft.at) await drop(key);
  }
  // Sends what is left of other entries, and names those that need a look. Yields whether some have to wait.
  async function outbox() {
    if (running) return false;
    running = true;
    let waiting = false;
    const stuck = new Set();
    try {
      for (const [key, draft] of await all()) {
        if (open && open.dataset.code === draft.code) continue;
        let outcome = await deliver(draft);
        if (rebased(draft, outcome)) outcome = same(draft.fields, outcome.content) ? {kind: "saved", faults: {}} : await deliver(draft);
        const whole = outcome.kind === "saved" && !Object.keys(outcome.faults).length;
        if (whole || outcome.kind === "offList") {
          await forget(key, draft);
          continue;
        }
        if (outcome.kind === "saved") await put(key, Object.assign(draft, {revision: outcome.revision, base: outcome.sent, tried: []}));
        stuck.add(draft.code);
        waiting = waiting || ["offline", "retry", "gone"].includes(outcome.kind);
        if (outcome.kind === "offline") break;
      }
    } finally {
      running = false;
    }
    list(stuck);
    return waiting;
  }
  function list(codes) {
    if (!kept) return;
    kept.hidden = !codes.size;
    const links = kept.querySelector("ul");
    links.textContent = "";
    codes.forEach((code) => {
      const link = document.createElement("a");
      link.href = "/review/" + encodeURIComponent(code);
      link.textContent = code;
      links.appendChild(document.createElement("li")).appendChild(link);
    });
  }

  // Calls `work` when the line is back and when the page is shown again; while it yields true also after 20 s, then ever more
  // seldom. Yields a function that asks for such a later call.
  function whenever(work) {
    const FIRST = 20000;
    const LAST = 300000;
    let pause = FIRST;
    let timer = 0;
    function later() {
      clearTimeout(timer);
      timer = setTimeout(go, pause);
    }
    async function go() {
      clearTimeout(timer);
      if (!(await work())) return;
      pause = Math.min(pause * 2, LAST);
      later();
    }
    ["online", "pageshow"].forEach((event) => window.addEventListener(event, () => {
      pause = FIRST;
      go();
    }));
    return later;
  }

  async function clear() {
    for (const [key] of await all()) await drop(key);
    await drop(TABLE);
  }
  if (notes.parentElement.dataset.signed) clear();
  else whenever(outbox);
  window.jinbangDrafts = {own: OWN, table: TABLE, notes: notes.dataset, put, get, drop, all, tab, number, same, without, deliver, rebased, whenever};
})();
