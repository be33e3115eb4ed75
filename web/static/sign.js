// A drawn signature beside the typed name: strokes become an SVG path of whole numbers. Without it the name alone is enough.
(function () {
  "use strict";
  const field = document.getElementById("draw");
  if (!field || typeof window.SignaturePad !== "function") return;
  const form = document.getElementById("sign");
  const canvas = field.querySelector("canvas");
  const kept = form.elements.drawn;
  const width = Number(field.dataset.width);
  const height = Number(field.dataset.height);
  const longest = Number(field.dataset.longest);
  field.hidden = false;
  const pad = new window.SignaturePad(canvas, { penColor: "#102a5c" });

  let shown = { width: 0, height: 0 };
  // The strokes stay what they are when the field changes its size: a phone is turned, a scroll bar comes.
  function fit() {
    const strokes = pad.toData();
    const now = { width: canvas.offsetWidth, height: canvas.offsetHeight };
    const across = shown.width ? now.width / shown.width : 1;
    const down = shown.height ? now.height / shown.height : 1;
    const ratio = Math.max(window.devicePixelRatio || 1, 1);
    shown = now;
    canvas.width = now.width * ratio;
    canvas.height = now.height * ratio;
    canvas.getContext("2d").scale(ratio, ratio);
    pad.fromData(strokes.map((stroke) => Object.assign({}, stroke, {
      points: stroke.points.map((point) => Object.assign({}, point, { x: point.x * across, y: point.y * down })),
    })));
  }

  // Points closer than `least` units to the one before are left out, so that a long signature still fits.
  function path(least) {
    const across = width / canvas.offsetWidth;
    const down = height / canvas.offsetHeight;
    const limit = (value, most) => Math.min(most, Math.max(0, Math.round(value)));
    return pad.toData().map((stroke) => {
      let last = null;
      const points = [];
      stroke.points.forEach((point, place) => {
        const here = [limit(point.x * across, width), limit(point.y * down, height)];
        const far = !last || Math.abs(here[0] - last[0]) + Math.abs(here[1] - last[1]) >= least;
        if (far || place === stroke.points.length - 1) {
          points.push(here.join(","));
          last = here;
        }
      });
      if (points.length === 1) points.push(points[0]);
      return "M" + points.join("L");
    }).join("");
  }

  // What was drawn before the page came back with a question, such as after a slip of the name.
  function redraw(text) {
    const across = canvas.offsetWidth / width;
    const down = canvas.offsetHeight / height;
    pad.fromData(text.split("M").filter(Boolean).map((stroke) => ({
      penColor: pad.penColor, minWidth: pad.minWidth, maxWidth: pad.maxWidth, dotSize: pad.dotSize,
      points: stroke.split("L").map((point, place) => {
        const [x, y] = point.split(",");
        return { x: x * across, y: y * down, pressure: 0.5, time: place * 20 };
      }),
    })));
  }

  function keep() {
    let least = 2;
    let text = pad.isEmpty() ? "" : path(least);
    while (text.length > longest && least < 64) {
      least *= 2;
      text = path(least);
    }
    kept.value = text.length > longest ? "" : text;
  }

  window.addEventListener("resize", () => {
    if (!canvas.offsetWidth || canvas.offsetWidth === shown.width) return;
    fit();
    keep();
  });
  pad.addEventListener("endStroke", keep);
  field.querySelector("button").addEventListener("click", () => {
    pad.clear();
    keep();
  });
  form.addEventListener("submit", keep);
  fit();
  if (kept.value) redraw(kept.value);
})();
