// A nominator's form as it is filled in: fields that depend on others, counts of characters, rows of people, saving by itself,
// what could not be sent yet. The page works without it; the server checks and saves for itself.
(function () {
  "use strict";
  const form = document.getElementById("form");
  if (!form) return;
  const say = form.dataset;
  const PAUSE = 1200;
  const NEARLY = 0.8;
  const FIRST_WAIT = 5000;
  const LAST_WAIT = 300000;
  const STAYED = 5000; // a page that is still there then has not been left
  const LARGEST_FAREWELL = 60000; // browsers refuse larger bodies that shall outlive their page
  const AREA = "jinbang-form:";
  const KEY = say.own + "|" + say.draft;
  const HIDDEN = ["as", "csrf", "revision", "then"];
  // Characters that nobody sees, copied along with a text; the server refuses them.
  const UNSEEN = /[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g;
  const state = document.getElementById("save-state");
  let revision = Number(say.revision);
  let saved = null; // what the server holds, as far as this page knows
  let pending = null; // sent, and never answered: it is sent again as it was, before anything newer
  let blocked = ""; // stale, late or gone: nothing is sent by itself before somebody acts
  let busy = null;
  let timer = 0;
  let wait = FIRST_WAIT;
  let leaving = false;
  let going = false; // the next page is asked for already, and may have been written before what is being saved now

  // --- the fields ---------------------------------------------------------------------------------------------------------
  const controls = () => Array.from(form.elements).filter((one) => one.name && !HIDDEN.includes(one.name) && one.type !== "file");
  function read() {
    const found = {};
    controls().forEach((one) => {
      if (/^(checkbox|radio)$/.test(one.type)) {
        if (one.checked) found[one.name] = one.value;
      } else found[one.name] = one.value.replace(UNSEEN, "");
    });
    return found;
  }
  const plain = (text) => String(text || "").replace(/\r\n?/g, "\n").trim();
  const same = (one, other) => Object.keys(Object.assign({}, one, other)).every((name) => plain(one[name]) === plain(other[name]));
  const clean = () => saved !== null && same(read(), saved);
  function write(fields) {
    lists.forEach((list) => {
      const wanted = Object.keys(fields).filter((name) => name.startsWith("p." + list.dataset.people + "."))
        .map((name) => Number(name.split(".")[2]) + 1);
      while (rows(list).length < Math.max(0, ...wanted)) addRow(list);
    });
    controls().forEach((one) => {
      if (one.closest(".field-id_number") && !(one.name in fields)) return;
      if (/^(checkbox|radio)$/.test(one.type)) one.checked = fields[one.name] === one.value;
      else one.value = fields[one.name] || "";
    });
    refresh();
  }

  // --- fields that depend on others, counts -------------------------------------------------------------------------------
  function refresh() {
    const values = read();
    const asked = {};
    form.querySelectorAll(".field").forEach((field) => {
      const wanted = field.dataset.when ? JSON.parse(field.dataset.when) : {};
      const shown = Object.keys(wanted).every((name) => asked["v." + name.slice(2)] !== false && wanted[name].includes(values[name]));
      asked["v." + field.dataset.field] = shown;
      field.hidden = !shown;
    });
    form.querySelectorAll(".form-section").forEach((section) => {
      section.hidden = !section.querySelector(".field:not([hidden])");
    });
    form.querySelectorAll("[data-most]").forEach(count);
  }
  // Characters as the server counts them: composed, without white space at the ends.
  function count(control) {
    const place = control.closest(".field").querySelector("[data-count]");
    if (!place || control.tagName === "FIELDSET") return;
    const most = Number(control.dataset.most);
    const number = Array.from(plain(control.value.replace(UNSEEN, "")).normalize("NFC")).length;
    const quiet = place.dataset.count === "late" && number < most * NEARLY; // a short field says it when it matters
    place.textContent = quiet ? "" : (number > most ? say.over : say.count).replace("{n}", number).replace("{over}", number - most);
    place.classList.toggle("is-over", number > most);
  }

  // --- rows of people -----------------------------------------------------------------------------------------------------
  const lists = Array.from(form.querySelectorAll("[data-people]"));
  const rows = (list) => Array.from(list.querySelectorAll(".one-person"));
  function number(list) {
    rows(list).forEach((row, place) => {
      row.querySelectorAll("input").forEach((one) => (one.name = one.name.replace(/^(p\.\w+\.)\d+/, "$1" + place)));
      row.querySelectorAll("button").forEach((one) => {
        one.value = one.value.replace(/\d+$/, place);
        one.setAttribute("aria-label", (one.getAttribute("aria-label") || "").replace(/\d+/, place + 1));
      });
    });
  }
  function addRow(list) {
    const last = rows(list).pop();
    const row = last.cloneNode(true);
    row.querySelectorAll("input").forEach((one) => (one.value = ""));
    last.parentNode.appendChild(row);
    number(list);
    return row;
  }
  function arrange(act) {
    const [what, name, place] = act.split(":");
    const list = lists.find((one) => one.dataset.people === name);
    if (!list) return false;
    const all = rows(list);
    const row = all[Number(place)];
    if (what === "add") addRow(list).querySelector("input").focus();
    else if (what === "drop" && all.length === 1) row.querySelectorAll("input").forEach((one) => (one.value = ""));
    else if (what === "drop") row.remove();
    else if (what === "up" && row.previousElementSibling) row.parentNode.insertBefore(row, row.previousElementSibling);
    else if (what === "down" && row.nextElementSibling) row.parentNode.insertBefore(row.nextElementSibling, row);
    number(list);
    changed();
    return true;
  }

  // --- what is wrong ------------------------------------------------------------------------------------------------------
  function fault(name, text) {
    const place = document.getElementById("e-" + name);
    const field = place && place.closest(".field");
    if (!field) return;
    place.textContent = text;
    field.classList.toggle("has-fault", Boolean(text));
    const control = document.getElementById("f-" + name);
    if (!text && control) control.removeAttribute("aria-invalid");
  }
  function show(what, at) {
    state.textContent = (say[what] || "").replace("{at}", at || "");
    state.dataset.state = what;
  }

  // --- this device --------------------------------------------------------------------------------------------------------
  let base = null;
  try {
    base = window.idbKeyval ? idbKeyval.createStore("jinbang-forms", "drafts") : null;
  } catch (error) {
    base = null;
  }
  async function stored(inBase, inArea) {
    try {
      if (base) return await inBase();
    } catch (error) {
      base = null;
    }
    try {
      return inArea();
    } catch (error) {
      return null;
    }
  }
  const keep = () => {
    const fields = read();
    form.querySelectorAll(".field-id_number input").forEach((one) => delete fields[one.name]); // not on a device that others use
    const left = {revision, fields, pending, at: Date.now()};
    return stored(() => idbKeyval.set(KEY, left, base), () => localStorage.setItem(AREA + KEY, JSON.stringify(left)));
  };
  const found = () => stored(() => idbKeyval.get(KEY, base), () => JSON.parse(localStorage.getItem(AREA + KEY)));
  const drop = () => stored(() => idbKeyval.del(KEY, base), () => localStorage.removeItem(AREA + KEY));

  // --- saving -------------------------------------------------------------------------------------------------------------
  // The visit of this page may have ended while another page entered anew by the same link: its pages tell the new secret.
  async function renew() {
    const page = new DOMParser().parseFromString(await (await fetch("/submit", {credentials: "same-origin"})).text(), "text/html");
    const fresh = page.querySelector('form[action="/leave"]');
    const [as, secret] = ["as", "csrf"].map((name) => fresh && fresh.querySelector("[name=" + name + "]").value);
    if (as !== say.own || secret === form.elements.csrf.value) return false;
    document.querySelectorAll("input[name=csrf]").forEach((one) => (one.value = secret));
    return true;
  }
  async function once(fields, farewell) {
    const body = new URLSearchParams({as: say.own, csrf: form.elements.csrf.value, revision, then: ""});
    Object.keys(fields).forEach((name) => body.append(name, fields[name]));
    const answer = await fetch(form.action, {
      method: "POST",
      headers: {Accept: "application/json"},
      credentials: "same-origin",
      keepalive: Boolean(farewell) && body.toString().length < LARGEST_FAREWELL,
      body: body
    });
    if (answer.status === 429 || answer.status >= 500) return {kind: "retry"};
    const json = /json/.test(answer.headers.get("Content-Type") || "") ? await answer.json() : {gone: true};
    const kind = answer.status === 200 ? "done" : ["faults", "stale", "late", "gone"].find((one) => json[one]) || "gone";
    return Object.assign(json, {kind});
  }
  async function send(fields, farewell) {
    try {
      const outcome = await once(fields, farewell);
      return outcome.kind === "gone" && !farewell && (await renew()) ? once(fields) : outcome;
    } catch (error) {
      return {kind: "offline"};
    }
  }
  // Sends what is not saved yet, one request at a time; yields whether everything is saved.
  function save(farewell) {
    clearTimeout(timer);
    if (blocked || leaving) return Promise.resolve(false);
    if (clean() && !pending) return Promise.resolve(true);
    if (!busy) {
      busy = request(farewell);
      busy.then(() => (busy = null), () => (busy = null));
    }
    return busy;
  }
  async function request(farewell) {
    const fields = pending || read();
    show("saving");
    const kept = keep();
    if (!farewell) await kept; // a page that goes away has no time to wait
    const outcome = await send(fields, farewell);
    if (outcome.kind === "offline" || outcome.kind === "retry") {
      pending = fields;
      await keep();
      show(outcome.kind);
      timer = setTimeout(() => save(), wait);
      wait = Math.min(wait * 2, LAST_WAIT);
      return false;
    }
    pending = null;
    wait = FIRST_WAIT;
    if (outcome.kind === "done") {
      revision = outcome.revision;
      form.elements.revision.value = revision;
      saved = fields;
      if (!clean()) return request(farewell);
      if (!going) await drop(); // else the next page needs it, and sees for itself whether it does
      show("saved", outcome.saved_at);
      return true;
    }
    if (outcome.kind === "faults") {
      Object.keys(outcome.faults).forEach((name) => fault(name, outcome.faults[name]));
      saved = fields; // the same again would be refused again
      show("faults");
      return false;
    }
    blocked = outcome.kind;
    show(outcome.kind);
    if (outcome.kind === "stale") differ(outcome);
    else give(outcome.message);
    return false;
  }
  function changed() {
    refresh();
    if (blocked) return;
    keep();
    if (!clean()) show("saving");
    clearTimeout(timer);
    timer = setTimeout(() => save(), PAUSE);
  }

  // --- both versions, or the text to be copied ----------------------------------------------------------------------------
  function place(section) {
    form.parentNode.insertBefore(section, form);
    section.hidden = false;
    section.focus();
  }
  function differ(theirs) {
    const section = document.getElementById("conflict");
    const body = section.querySelector("tbody");
    body.textContent = "";
    theirs.lines.forEach((line) => {
      const row = body.insertRow();
      const head = row.appendChild(document.createElement("th"));
      head.scope = "row";
      head.textContent = line[0];
      [line[1], line[2]].forEach((text) => (row.insertCell().textContent = text || "—"));
      if (line[1] !== line[2]) row.className = "differs";
    });
    section.querySelector("[data-choose=mine]").onclick = () => {
      section.hidden = true;
      blocked = "";
      revision = theirs.revision;
      saved = null;
      save();
    };
    section.querySelector("[data-choose=saved]").onclick = async () => {
      leaving = true;
      await drop();
      location.reload();
    };
    place(section);
  }
  function give(message) {
    const section = document.getElementById("lost");
    section.querySelector("[data-message]").textContent = message || say.gone;
    section.querySelector("textarea").value = controls().filter((one) => !/^(checkbox|radio)$/.test(one.type) || one.checked)
      .filter((one) => one.value.trim() && !one.closest(".field-id_number"))
      .map((one) => (one.labels && one.labels[0] ? one.labels[0].firstChild.textContent.trim() || one.name : one.name) + "：" + one.value)
      .join("\n");
    place(section);
  }

  // --- what people do -----------------------------------------------------------------------------------------------------
  async function restore() {
    const left = await found();
    if (!left) return;
    if (saved && same(Object.assign({}, saved, left.fields), saved)) {
      await drop();
      return;
    }
    pending = left.pending || null;
    revision = left.revision;
    write(Object.assign({}, read(), left.fields));
    show("restored");
    save();
  }
  async function handIn(button) {
    tidy();
    while (busy) await busy;
    saved = pending ? saved : null; // what a refused save left behind is tried once more
    if (!(await save())) {
      const bad = form.querySelector(".has-fault");
      if (bad) bad.scrollIntoView();
      return;
    }
    leaving = true;
    const then = document.createElement("input");
    Object.assign(then, {type: "hidden", name: "then", value: button.value});
    form.appendChild(then);
    form.submit();
  }
  function tidy() {
    controls().forEach((one) => {
      if (/^(text|textarea)$/.test(one.type) && UNSEEN.test(one.value)) one.value = one.value.replace(UNSEEN, "");
    });
  }

  refresh();
  saved = form.querySelector(".has-fault") ? null : read();
  restore();
  form.addEventListener("input", (event) => {
    const field = event.target.closest(".field");
    if (field) fault(field.dataset.field, "");
    changed();
  });
  form.addEventListener("change", changed);
  form.addEventListener("focusout", () => clean() || save());
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=then]");
    if (!button) return;
    event.preventDefault();
    if (button.value === "submit") handIn(button);
    else if (!arrange(button.value)) {
      saved = null;
      save();
    }
  });
  form.addEventListener("submit", (event) => leaving || event.preventDefault());
  ["online", "pageshow"].forEach((event) => window.addEventListener(event, () => pending && save()));
  window.addEventListener("beforeunload", () => {
    going = true;
    setTimeout(() => (going = false, clean() && !pending && drop()), STAYED);
  });
  document.addEventListener("visibilitychange", () => document.hidden && !clean() && save(true));
  window.addEventListener("pagehide", () => clean() || save(true));
})();
