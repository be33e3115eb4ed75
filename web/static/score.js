// The score sheet as it is filled in: chips, running total, saving by itself, drafts that come back.
// The page works without it; the server checks, adds up and saves for itself.
(function () {
  "use strict";
  const drafts = window.jinbangDrafts;
  const form = document.getElementById("sheet");
  if (!drafts || !form) return;
  const PAUSE = 800;
  const KEPT_TRIES = 5;
  const KEPT_TYPED = 50;
  const views = window.jinbangVersions;
  const say = drafts.notes;
  const state = document.getElementById("save-state");
  const total = form.querySelector("[data-total]");
  const code = form.dataset.code;
  const key = [drafts.own, form.dataset.edition, code, drafts.tab()].join("|");
  const locked = form.dataset.locked === "1" || !form.querySelector("button[name=then]");
  const controls = Array.from(form.elements);
  const marks = controls.filter((one) => /^mark\./.test(one.name));
  const asked = controls.filter((one) => /^(mark|skip)\.|^(comment|advice|fatal)$/.test(one.name));
  const told = asked.filter((one) => !/^skip\./.test(one.name)); // fields beside which a sentence has its place
  const read = (first) => views.read(asked, first);
  let revision = Number(form.dataset.revision);
  let saved = form.dataset.unsaved || form.querySelector("[aria-invalid=true]") ? null : read(true);
  let tried = []; // contents that were sent without an answer
  let typed = []; // contents that another tab may have sent for us
  let refused = {}; // what the server refused: field -> {value, text}
  let blocked = ""; // stale, late, gone or offList: nothing is sent by itself before somebody acts
  const final = ["late", "offList"];
  let savedAt = form.dataset.savedAt;
  let busy = null;
  let timer = 0;
  let then = "";

  function write(content) {
    views.write(asked, content);
    refresh();
  }
  const clean = () => saved !== null && drafts.same(read(), saved);
  // What can be saved now: a field that is wrong stays as it was saved.
  function sendable() {
    const names = Object.keys(faults());
    return saved !== null && names.length ? drafts.without(read(), saved, names) : read();
  }
  const rests = () => saved !== null && drafts.same(sendable(), saved);
  const name = (one) => one.name.replace(/^\w+\./, "");
  const skip = (one) => controls.find((other) => other.name === "skip." + name(one));
  function show(what, at, message) {
    if (!state) return;
    state.textContent = [what === "gone" && message, (say[what] || "").replace("{at}", at || "")].filter(Boolean).join(" ");
    state.dataset.state = what;
  }

  // --- what is wrong, next to the field -----------------------------------------------------------------------------------
  function fault(field, text) {
    const place = document.getElementById("e-" + field.replace(/^\w+\./, ""));
    const one = asked.find((other) => other.name === field || name(other) === field);
    if (place && place.textContent !== text) place.textContent = text;
    if (!one) return;
    const group = one.closest(".criterion");
    if (group) group.classList.toggle("has-fault", Boolean(text));
    if (text) one.setAttribute("aria-invalid", "true");
    else one.removeAttribute("aria-invalid");
  }
  function wrong(one) {
    const box = skip(one);
    if (!one.value.trim() || (box && box.checked)) return "";
    const value = drafts.number(one.value);
    const max = one.dataset.max;
    const step = Number(one.dataset.step || 1);
    if (value === null) return say.notANumber;
    if (value < 0 || value > Number(max)) return say.outOfRange.replace("{max}", max);
    return Math.abs(value / step - Math.round(value / step)) > 1e-9 ? say.offStep.replace("{step}", one.dataset.step) : "";
  }
  // Sentences for what cannot be saved as it stands, by field.
  function faults() {
    const now = read();
    const found = {};
    told.forEach((one) => {
      const before = refused[one.name];
      const again = before && before.value === (now[one.name] || "") ? before.text : "";
      const text = (marks.includes(one) && wrong(one)) || again;
      if (text) found[one.name] = text;
    });
    return found;
  }
  function check() {
    const found = faults();
    told.forEach((one) => fault(one.name, found[one.name] || ""));
    return !Object.keys(found).length;
  }

  // --- total, chips, "not applicable" -------------------------------------------------------------------------------------
  function refresh() {
    let points = 0;
    let possible = 0;
    let any = false;
    marks.forEach((one) => {
      const box = skip(one);
      const skipped = box && box.checked;
      const value = drafts.number(one.value);
      form.querySelectorAll('.chip[data-for="' + one.name + '"]').forEach((chip) => {
        chip.setAttribute("aria-pressed", String(!skipped && value !== null && value === Number(chip.dataset.mark)));
      });
      if (skipped || "informative" in one.dataset) return;
      const share = (one.dataset.weight || "1").split("/");
      const weight = share[0] / (share[1] || 1);
      possible += one.dataset.max * weight;
      if (value === null || wrong(one)) return;
      points += value * weight;
      any = true;
    });
    // Halves are rounded up as the server does it, though weights such as 0.35 are no exact numbers here.
    if (total) total.textContent = any && possible ? String(Math.round(points * 1e4 / possible + 1e-6) / 100) : "—";
  }
  function choose(chip) {
    const one = marks.find((other) => other.name === chip.dataset.for);
    one.value = chip.dataset.mark;
    one.dispatchEvent(new Event("input", {bubbles: true}));
    save();
  }

  // --- keeping and saving -------------------------------------------------------------------------------------------------
  function keep() {
    const fields = read();
    typed = typed.concat([fields]).slice(-KEPT_TYPED);
    return drafts.put(key, {code, edition: form.dataset.edition, revision, fields, base: saved, tried, at: Date.now()});
  }
  function changed() {
    keep();
    refresh();
    const found = faults();
    told.forEach((one) => one.getAttribute("aria-invalid") && fault(one.name, found[one.name] || ""));
    if (final.includes(blocked)) views.give(form, asked, "", read());
    if (blocked) return;
    if (!clean()) show("saving");
    clearTimeout(timer);
    timer = setTimeout(auto, PAUSE);
  }
  const auto = (farewell) => blocked || save(false, farewell === true);
  // Saves what is not saved yet, one request at a time. Yields whether a later attempt may help.
  function save(force, farewell) {
    clearTimeout(timer);
    if (locked || blocked === "stale" || final.includes(blocked) || (force !== true && clean())) return Promise.resolve(false);
    if (!check() && (saved === null || rests())) {
      hold();
      return Promise.resolve(false);
    }
    if (!busy) {
      busy = request(farewell);
      busy.then(() => (busy = null), () => (busy = null));
    }
    return busy;
  }
  async function request(farewell) {
    const fields = sendable();
    tried = tried.concat([fields]).slice(-KEPT_TRIES);
    show("saving");
    const kept = keep();
    if (!farewell) await kept; // a page that goes away has no time to wait
    const outcome = await drafts.deliver({code, revision, fields, base: saved}, farewell);
    Object.keys(outcome.faults).forEach((field) => {
      refused[field] = {value: fields[field] || "", text: outcome.faults[field]};
      fault(field, outcome.faults[field]);
    });
    if (outcome.sent !== fields) tried = tried.concat([outcome.sent]);
    const draft = {revision, fields: outcome.sent, tried: tried.concat(typed)};
    if (drafts.rebased(draft, outcome)) {
      revision = draft.revision;
      settle(outcome.content);
      if (rests()) return done(outcome.saved_at);
      return request();
    }
    blocked = ["stale", "late", "gone", "offList"].includes(outcome.kind) ? outcome.kind : "";
    if (outcome.kind === "saved") {
      revision = outcome.revision;
      settle(outcome.sent);
      return done(outcome.saved_at, outcome);
    }
    if (outcome.kind === "faults") hold();
    else show(outcome.signed ? "late" : outcome.kind, "", outcome.message);
    if (outcome.kind === "stale" && !outcome.signed) differ(read(), outcome);
    else if (["stale", "late", "refused", "offList"].includes(outcome.kind)) {
      views.give(form, asked, outcome.message || say[outcome.signed ? "locked" : "refused"], read());
    }
    const wait = ["offline", "retry", "gone"].includes(outcome.kind);
    if (wait) later();
    return wait;
  }
  function settle(fields) {
    saved = fields;
    tried = [];
    typed = [];
    form.elements.revision.value = revision;
  }
  function hold() {
    keep();
    show(savedAt ? "partly" : "faults", savedAt);
  }
  function done(at, outcome) {
    savedAt = at;
    if (clean()) {
      drafts.drop(key);
      show("saved", at);
    } else if (rests()) hold();
    else timer = setTimeout(auto, PAUSE);
    if (clean()) document.querySelectorAll("#unsaved").forEach((note) => (note.hidden = true));
    if (outcome) document.querySelectorAll("[data-done]").forEach((place) => (place.textContent = outcome.done));
    return false;
  }
  async function go(to) {
    then = "";
    const force = !to && saved !== null && revision === 0;
    for (let turn = 0; turn < 3 && (turn === 0 || !clean()); turn += 1) {
      if ((busy && await busy) || await save(turn === 0 && force)) break; // no line: pressing once more is the reviewer's choice
      if (blocked || !check()) break;
    }
    const look = form.querySelector("[aria-invalid=true]") || (blocked && views.shown());
    if (look) return look.focus();
    if (!to || !clean()) return undefined;
    return location.assign(form.dataset[to] || "/review");
  }

  function differ(mine, theirs) {
    views.differ(form, asked, mine, theirs, (chosen) => {
      blocked = "";
      revision = theirs.revision;
      settle(theirs.content);
      if (chosen === "mine") save();
      else {
        write(theirs.content);
        check();
        drafts.drop(key);
        show("saved", theirs.saved_at);
      }
    });
  }
  // A page that was killed before its work was saved leaves a draft behind.
  async function restore() {
    const found = (await drafts.all()).filter(([, one]) => one.code === code && one.edition === form.dataset.edition);
    const [old, draft] = found.pop() || [];
    if (!draft) return undefined;
    if (saved && drafts.same(draft.fields, saved)) {
      await drafts.drop(old);
      return restore();
    }
    if (locked) return views.give(form, asked, say.locked, draft.fields);
    const theirs = {revision, content: saved || {}, saved_at: form.dataset.savedAt};
    const own = draft.revision === revision || (draft.tried || []).some((one) => drafts.same(one, theirs.content));
    const [first, now] = [read(true), read()]; // what was typed while the draft was looked for goes before it
    Object.keys(now).filter((field) => now[field] !== first[field]).forEach((field) => (draft.fields[field] = now[field]));
    write(draft.fields);
    if (!own) {
      blocked = "stale";
      revision = draft.revision;
    }
    await keep();
    if (old !== key) await drafts.drop(old);
    show(own ? "restored" : "stale");
    return own ? (timer = setTimeout(auto, PAUSE)) : differ(draft.fields, theirs);
  }

  // --- what people do -----------------------------------------------------------------------------------------------------
  const later = drafts.whenever(() => save());
  refresh();
  restore().then(() => clean() || locked || blocked || changed()); // typed before this script came
  if (locked) return;
  form.addEventListener("input", (event) => {
    const at = event.target;
    const box = marks.includes(at) && skip(at);
    if (box) box.checked = false;
    if (/^skip\./.test(at.name) && at.type === "checkbox") {
      const one = marks.find((other) => name(other) === name(at));
      if (at.checked) one.dataset.before = one.value;
      one.value = at.checked ? "" : one.dataset.before || "";
      fault(one.name, "");
    }
    changed();
  });
  form.addEventListener("focusout", (event) => asked.includes(event.target) && auto());
  form.addEventListener("click", (event) => {
    const chip = event.target.closest(".chip[data-for]");
    const button = event.target.closest("button[name=then]");
    if (chip) choose(chip);
    if (button) then = button.value;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go(/^(next|skip)$/.test(then) ? then : "");
  });
  document.addEventListener("visibilitychange", () => document.hidden && auto(true));
  window.addEventListener("pagehide", () => auto(true));
  const taps = window.jinbangTaps || [];
  window.jinbangTaps = null;
  taps.forEach(choose);
  window.addEventListener("offline", () => clean() || show("offline"));
})();
