// What stands in the fields of a score sheet: read, written, shown beside another version, or given back as text.
(function () {
  "use strict";
  const conflict = document.getElementById("score-conflict");
  const lost = document.getElementById("score-lost");
  if (!conflict || !lost) return;

  // What stands in the fields, or stood there when the page came.
  function read(controls, first) {
    const found = {};
    controls.forEach((one) => {
      if (one.type === "checkbox" || one.type === "radio") {
        if (first ? one.defaultChecked : one.checked) found[one.name] = one.value;
      } else if (one.options) {
        const chosen = Array.from(one.options).find((option) => (first ? option.defaultSelected : option.selected));
        found[one.name] = chosen ? chosen.value : "";
      } else found[one.name] = first ? one.defaultValue : one.value;
    });
    return found;
  }
  function write(controls, content) {
    controls.forEach((one) => {
      const value = content[one.name];
      if (one.type === "checkbox") one.checked = Boolean(value);
      else if (one.type === "radio") one.checked = one.value === (value || "");
      else one.value = value || "";
    });
  }
  function label(one) {
    const group = one.closest(".criterion, fieldset");
    const text = (group && group.querySelector(".criterion-name, legend")) || (one.labels && one.labels[0]);
    return text ? text.textContent.trim().replace(/\s+/g, " ") : one.name;
  }
  function value(controls, field, content) {
    const kept = content[field];
    if (!kept) return "—";
    const one = controls.find((other) => other.name === field && (other.type !== "radio" || other.value === kept));
    const option = one && one.options && Array.from(one.options).find((other) => other.value === kept);
    if (option) return option.text;
    if (one && /checkbox|radio/.test(one.type) && one.labels.length) return one.labels[0].textContent.trim();
    return String(kept);
  }
  const firsts = (controls) => controls.filter((one, at) => controls.findIndex((other) => other.name === one.name) === at);
  function place(section, form) {
    form.parentNode.insertBefore(section, form);
    section.hidden = false;
    section.focus();
  }

  // Shows both contents side by side and calls `choose` with "mine" or "saved".
  function differ(form, controls, mine, theirs, choose) {
    const rows = conflict.querySelector("tbody");
    rows.textContent = "";
    firsts(controls).forEach((one) => {
      const row = rows.insertRow();
      const head = row.appendChild(document.createElement("th"));
      head.scope = "row";
      head.textContent = label(one);
      [mine, theirs.content].forEach((content) => (row.insertCell().textContent = value(controls, one.name, content)));
      if (row.cells[1].textContent !== row.cells[2].textContent) row.className = "differs";
    });
    conflict.querySelector("[data-at]").textContent = theirs.saved_at || "";
    conflict.querySelectorAll("[data-choose]").forEach((button) => {
      button.onclick = () => {
        conflict.hidden = true;
        choose(button.dataset.choose);
        form.scrollIntoView();
      };
    });
    place(conflict, form);
  }

  // Shows a content as text to be copied; without a message only the text is brought up to date.
  function give(form, controls, message, fields) {
    lost.querySelector("textarea").value = firsts(controls).filter((one) => fields[one.name])
      .map((one) => label(one) + "：" + value(controls, one.name, fields)).join("\n");
    if (!message) return;
    lost.querySelector("[data-message]").textContent = message;
    place(lost, form);
  }
  const shown = () => [conflict, lost].find((one) => !one.hidden); // what says why nothing can be saved
  window.jinbangVersions = {read, write, differ, give, shown};
})();
