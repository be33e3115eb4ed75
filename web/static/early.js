// Before the page is drawn: buttons that need a script are shown only where one runs.
document.documentElement.classList.add("js");
// Chips that are tapped before the script of the sheet has come over a slow line: the mark stands in its field at once, so that
// even a form that is sent before then holds it; the script takes the taps up when it comes.
window.jinbangTaps = [];
document.addEventListener("click", function (event) {
  var chip = event.target.closest(".chip[data-for]");
  if (!chip || !window.jinbangTaps) return;
  window.jinbangTaps.push(chip);
  var field = document.getElementsByName(chip.dataset.for)[0];
  var skip = document.getElementsByName(chip.dataset.for.replace("mark.", "skip."))[0];
  if (field) field.value = chip.dataset.mark;
  if (skip) skip.checked = false;
  chip.parentNode.querySelectorAll(".chip").forEach(function (other) {
    other.setAttribute("aria-pressed", String(other === chip));
  });
});
