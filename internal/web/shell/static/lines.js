// Adds and removes lines of name and value in a form.
//
//   fieldset[data-lines]   has the lines in [data-lines-of], and all of them as JSON in a
//                          textarea. After a change to either, the other is disabled
//   template               is an empty line, whose fields have a number in their names
//   [data-add-line], [data-remove-line]
"use strict";
(function () {
  function numbered(line) {
    var all = document.querySelectorAll("[data-line] [name^='line.']"), next = 0;
    all.forEach(function (el) { next = Math.max(next, parseInt(el.name.split(".")[1], 10) + 1); });
    line.querySelectorAll("[name]").forEach(function (el) { el.name = el.name.replace(/[0-9]+/, next); });
    return line;
  }

  function add(lines) {
    var line = numbered(lines.querySelector("template").content.firstElementChild.cloneNode(true));
    line.querySelectorAll(".needs-script").forEach(function (el) { el.hidden = false; });
    lines.querySelector("[data-lines-here]").append(line);
    line.querySelector("input").focus();
  }

  function remove(line) {
    var lines = line.closest("[data-lines]"), next = line.nextElementSibling;
    line.closest("form").dataset.unsaved = ""; // see typed.js
    line.remove();
    (next && next.querySelector(".line-name") || lines.querySelector("[data-add-line]")).focus();
    changed(lines, false);
  }

  function changed(lines, json) {
    var text = lines.querySelector("details textarea"), fields = lines.querySelector("[data-lines-of]");
    if (!fields) return;
    if (json) fields.disabled = text.value !== text.defaultValue;
    else text.disabled = true;
  }

  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-add-line]")) add(event.target.closest("[data-lines]"));
    if (event.target.closest("[data-remove-line]")) remove(event.target.closest("[data-line]"));
  });
  document.addEventListener("input", function (event) {
    var lines = event.target.closest("[data-lines]");
    if (lines) changed(lines, event.target.matches("details textarea"));
  });
  // Enter in a line goes to the next field, so that it does not send the form by accident.
  document.addEventListener("keydown", function (event) {
    var el = event.target;
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.isComposing || !el.matches("[data-line] input")) return;
    var line = el.closest("[data-line]"), lines = line.closest("[data-lines]"), value = line.querySelector(".line-value > *");
    event.preventDefault();
    if (el.matches(".line-name")) value.focus();
    else if (line.nextElementSibling && line.nextElementSibling.matches("[data-line]")) line.nextElementSibling.querySelector(".line-name").focus();
    else add(lines);
  });
})();
