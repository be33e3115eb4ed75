// Shows the running total while marks are typed. The page works without it; the server adds up for itself.
(function () {
  "use strict";
  var total = document.querySelector("[data-total]");
  var fields = document.querySelectorAll("input[data-mark]");
  if (!total || !fields.length) return;
  function number(text) {
    var plain = text.replace(/[０-９]/g, function (c) { return String.fromCharCode(c.charCodeAt(0) - 0xfee0); })
      .replace(/[．。]/g, ".").trim();
    return /^\d+(\.\d*)?$|^\.\d+$/.test(plain) ? Math.round(parseFloat(plain) * 1000) : null;
  }
  function add() {
    var sum = 0, any = false;
    fields.forEach(function (field) {
      var value = number(field.value);
      if (value !== null) { sum += value; any = true; }
    });
    total.textContent = any ? String(sum / 1000) : "—";
  }
  fields.forEach(function (field) { field.addEventListener("input", add); });
  add();
})();
