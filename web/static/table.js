// Marks typed into the table are kept on this device until they are saved: a page that is killed, or sent without a line, loses none.
(function () {
  "use strict";
  const drafts = window.jinbangDrafts;
  const form = document.getElementById("marks-table");
  const note = document.getElementById("table-kept");
  if (!drafts || !form || !note) return;
  let rows = {}; // code -> {revision, fields} of the rows that were touched

  const code = (one) => one.name.split(".")[0];
  const asked = Array.from(form.elements).filter((one) => /\.(mark|skip)\./.test(one.name));
  const value = (one) => (one.type === "checkbox" ? (one.checked ? "1" : "") : one.value);
  // As on the sheet, where one field of a name is like another however it was typed.
  const plainly = (fields) => Object.keys(fields).reduce((found, name) => {
    found[name.replace(/^[^.]*\./, "")] = fields[name];
    return found;
  }, {});

  function row(of) {
    const fields = {};
    asked.filter((one) => code(one) === of).forEach((one) => (fields[one.name] = value(one)));
    return {revision: form.elements[of + ".revision"].value, fields};
  }
  form.addEventListener("input", (event) => {
    if (!asked.includes(event.target)) return;
    const of = code(event.target);
    rows[of] = row(of);
    drafts.put(drafts.table, {rows, edition: form.dataset.edition});
  });

  // Enter leads to the next mark, as on the sheet, rather than sending a table that is half filled in.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey || !/\.mark\./.test(event.target.name)) return;
    event.preventDefault();
    const marks = asked.filter((one) => one.type === "text");
    (marks[marks.indexOf(event.target) + 1] || form.querySelector("button")).focus();
  });

  // What is saved by now needs no draft; the rest is put back with the revision that it was typed upon, so that the server sees conflicts.
  async function restore() {
    const found = await drafts.get(drafts.table);
    if (!found || found.edition !== form.dataset.edition) return;
    const old = Object.keys(found.rows).filter((of) => !rows[of] && form.elements[of + ".revision"]);
    old.forEach((of) => (rows[of] = found.rows[of]));
    if ("unsaved" in form.dataset) return; // the page came back with a question, and shows what was typed
    const open = old.filter((of) => !drafts.same(plainly(found.rows[of].fields), plainly(row(of).fields)));
    old.filter((of) => !open.includes(of)).forEach((of) => delete rows[of]);
    open.forEach((of) => {
      form.elements[of + ".revision"].value = found.rows[of].revision;
      asked.filter((one) => code(one) === of).forEach((one) => {
        const kept = found.rows[of].fields[one.name] || "";
        if (one.type === "checkbox") one.checked = Boolean(kept);
        else one.value = kept;
      });
    });
    note.hidden = !open.length;
    if (Object.keys(rows).length) await drafts.put(drafts.table, {rows, edition: form.dataset.edition});
    else await drafts.drop(drafts.table);
  }
  restore();
})();
