// Before the page is drawn: buttons that need a script are shown only where one runs.
document.documentElement.classList.add("js");
// Chips that are tapped before the script of the sheet has come over a slow line; it takes them up.
window.jinbangTaps = [];
document.addEventListener("click", function (event) {
  var chip = event.target.closest(".chip");
  if (chip && window.jinbangTaps) window.jinbangTaps.push(chip);
});
