// The keys of the score sheet; each does what a button or a link of the page does.
(function () {
  "use strict";
  const form = document.getElementById("sheet");
  const help = document.getElementById("score-keys");
  const buttons = document.querySelectorAll("[data-keys]");
  if (!form || !help) return;

  function toggle() {
    help.hidden = !help.hidden;
    buttons.forEach((button) => button.setAttribute("aria-expanded", String(!help.hidden)));
  }
  function next(from) {
    const fields = Array.from(form.elements).filter((one) => /^(text|textarea)$/.test(one.type) && !one.readOnly && one.offsetParent);
    (fields[fields.indexOf(from) + 1] || form.querySelector("button[name=then][value=next]")).focus();
  }
  function press(target) {
    if (target) target.click();
  }
  document.addEventListener("keydown", (event) => {
    const at = event.target;
    const inMark = at.form === form && /^mark\./.test(at.name);
    const leads = {ArrowLeft: "prev", ArrowRight: "next"}[event.key];
    if (event.isComposing || event.defaultPrevented) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) press(form.querySelector("button[name=then][value=next]"));
    else if (event.key === "Enter" && inMark) next(at);
    else if (event.altKey && leads && at.tagName !== "TEXTAREA") press(document.querySelector("a[rel=" + leads + "]"));
    else if (/^[?？]$/.test(event.key) && inMark) toggle();
    else return;
    event.preventDefault();
  });
  buttons.forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", toggle);
  });
})();
