// Keeps what people type. Every form works without.
//
//   form[data-typed]     is asked about before it is left with something changed in it
//   main[data-unsaved]   has a form with something in it that is not saved, as after an
//                        error
"use strict";
(function () {
  var sent = false; // a form, and what becomes of it is another page

  function changed(el) {
    if (!el.name || el.disabled || !el.matches("input:not([type=hidden]), select, textarea")) return false;
    if (el.type === "checkbox" || el.type === "radio") return el.checked !== el.defaultChecked;
    if (el.type === "file") return el.files.length > 0;
    if (el.tagName !== "SELECT") return el.value !== el.defaultValue;
    var chosen = Array.from(el.options).findIndex(function (option) { return option.defaultSelected; });
    return el.selectedIndex !== Math.max(chosen, 0);
  }

  // What somebody filled in, and whether just that was sent already: who goes back to a
  // page finds the form as it was left. Changed since, it is asked about again.
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

  // Who throws a form away by its own link has decided.
  document.addEventListener("click", function (event) {
    var link = event.target.closest("form[data-typed] a[data-drop-typed]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) sent = true;
  });

  // A form that another one is sent beside is left like by a link.
  document.addEventListener("submit", function (event) {
    if (event.defaultPrevented || !event.target.matches("form[data-typed]")) return;
    sent = typed().every(function (form) { return form === event.target || !unsaved(form); });
  });
  addEventListener("pageshow", function () { sent = false; });

  // Sent by htmx, a form is done when the server has taken it.
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
      // Also when it was no form that got no answer, as the preview of a number.
      if (says && (event.target.matches("form[data-typed]") || typed().some(unsaved))) says.append(" What you typed is still here.");
    });
  });
})();
