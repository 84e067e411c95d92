// Protects what people type. Every form works without it.
//
//   form[data-typed]     asks before the visitor leaves it with unsaved changes
//   main[data-unsaved]   has a form with unsaved values, for example after an error
"use strict";
(function () {
  var sent = false; // whether a form was sent that leads to another page

  function changed(el) {
    if (!el.name || el.disabled || !el.matches("input:not([type=hidden]), select, textarea")) return false;
    if (el.type === "checkbox" || el.type === "radio") return el.checked !== el.defaultChecked;
    if (el.type === "file") return el.files.length > 0;
    if (el.tagName !== "SELECT") return el.value !== el.defaultValue;
    var chosen = Array.from(el.options).findIndex(function (option) { return option.defaultSelected; });
    return el.selectedIndex !== Math.max(chosen, 0);
  }

  // filledIn returns the values in the form as a text. The browser's history stores those
  // that were sent: after going back to the page, the form asks only if they change.
  function filledIn(form) {
    var filled = [form.getAttribute("action")];
    new FormData(form).forEach(function (value, name) {
      if (form.elements[name].type !== "hidden") filled.push(name, value.name === undefined ? value : value.name + value.size);
    });
    return filled.join("\n");
  }

  function remember(form) {
    history.replaceState(Object.assign({}, history.state, { sent: filledIn(form) }), "");
  }

  function wasSent(form) { return history.state !== null && history.state.sent === filledIn(form); }

  function unsaved(form) {
    return (form.closest("[data-unsaved]") !== null || Array.from(form.elements).some(changed)) && !wasSent(form);
  }

  function typed() { return Array.from(document.querySelectorAll("form[data-typed]")); }

  addEventListener("beforeunload", function (event) {
    if (!sent && typed().some(unsaved)) event.preventDefault();
  });

  // A link of the form itself that discards it does not ask.
  document.addEventListener("click", function (event) {
    var link = event.target.closest("form[data-typed] a[data-drop-typed]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) sent = true;
  });

  // Sending a form saves only that form, so ask if another one has unsaved changes.
  document.addEventListener("submit", function (event) {
    if (event.defaultPrevented || !event.target.matches("form[data-typed]")) return;
    sent = typed().every(function (form) { return form === event.target || !unsaved(form); });
  });
  addEventListener("pageshow", function () { sent = false; });

  // A form that htmx sends is saved once the server has accepted it.
  document.addEventListener("htmx:beforeOnLoad", function (event) {
    var answer = event.detail.xhr;
    if (event.target.matches("form[data-typed]") && answer.status < 400) {
      remember(event.target);
      sent = !!(answer.getResponseHeader("HX-Redirect") || answer.getResponseHeader("HX-Refresh"));
    }
  });
  ["htmx:sendError", "htmx:timeout"].forEach(function (type) {
    document.addEventListener(type, function (event) {
      var says = document.querySelector("#trouble .notice");
      // Also if the failed request was not a form, such as the preview of a number.
      if (says && (event.target.matches("form[data-typed]") || typed().some(unsaved))) says.append(" What you typed is still here.");
    });
  });
})();
