// Keyboard shortcuts and the search dialog. The page /keyboard explains them to people.
//
//   dialog#search             the search; htmx sends its form while one types
//   [data-search]             opens it; without script it is a link to the search page
//   input[data-single-keys]   enables /, ? and other single keys in this browser
//   a[aria-keyshortcuts=KEY]  a link that this single key follows
"use strict";
(function () {
  var off = "single-keys-off";
  function singleKeys() { try { return !localStorage.getItem(off); } catch (e) { return true; } }

  function typing(el) {
    return el.isContentEditable || el.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])");
  }

  function search() { return document.getElementById("search"); }

  function open() {
    var dialog = search();
    if (!dialog || dialog.open) return;
    dialog.showModal();
    var input = dialog.querySelector("input");
    input.select();
    if (!dialog.querySelector(".found")) htmx.trigger(dialog.querySelector("form"), "first");
  }

  function links() { return Array.from(search().querySelectorAll(".found a")); }

  // step moves the focus up or down the results, and back into the field.
  function step(by) {
    var all = links(), at = all.indexOf(document.activeElement) + by;
    if (at < 0) search().querySelector("input").focus();
    else if (at < all.length) all[at].focus();
  }

  // submit presses the form's main button: the primary one, or its only one.
  function submit(event, form) {
    if (!form) return;
    var buttons = form.querySelectorAll("button:not([type=button]):not(:disabled)");
    var main = form.querySelector("button.primary:not([type=button]):not(:disabled)") || (buttons.length === 1 && buttons[0]);
    if (!main && (buttons.length || form.method !== "get")) return;
    event.preventDefault();
    form.requestSubmit(main || null);
  }

  document.addEventListener("keydown", function (event) {
    var el = event.target, dialog = search();
    if (event.defaultPrevented || event.isComposing || !(el instanceof Element)) return;
    var control = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    if (control && event.key.toLowerCase() === "k" && dialog) {
      event.preventDefault();
      open();
    } else if (control && event.key === "Enter") {
      submit(event, el.form);
    } else if (dialog && dialog.open) {
      if (event.key === "Escape") { // would only clear the field
        event.preventDefault();
        dialog.close();
      } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        step(event.key === "ArrowDown" ? 1 : -1);
      } else if (event.key.length === 1 && el.matches(".found a") && !control && !event.altKey) {
        dialog.querySelector("input").focus(); // focus the field again, so that typing goes on
      }
    } else if (event.key === "Escape") {
      close(event);
    } else if (singleKeys() && !event.ctrlKey && !event.metaKey && !event.altKey && !typing(el)) {
      if (event.key === "/" && dialog) {
        event.preventDefault();
        open();
      } else if (event.key === "?" && dialog) {
        location.assign("/keyboard");
      } else {
        var link = document.querySelector('main a[aria-keyshortcuts="' + CSS.escape(event.key) + '"]');
        if (link) { event.preventDefault(); link.click(); }
      }
    }
  });

  // close closes open menus and confirmations, and focuses what has opened them.
  function close(event) {
    var all = document.querySelectorAll("details.confirm[open], details.menu[open]");
    all.forEach(function (el) {
      el.open = false;
      el.querySelector("summary").focus();
      event.preventDefault();
    });
  }

  document.addEventListener("click", function (event) {
    var dialog = search();
    if (event.target === dialog) dialog.close(); // a click outside
    if (event.target.closest("[data-close-search]")) dialog.close();
    var opener = event.target.closest("[data-search]");
    if (!opener || !dialog || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });

  // Enter opens the first result for the typed text, as soon as it arrives. Without a
  // result or an answer, it leads to the search page.
  var awaited = null, unanswered = null; // typed texts
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (!form.matches("#search form")) return;
    var typed = form.elements.q.value, first = links()[0];
    if (!typed || typed === unanswered) return;
    if (form.dataset.found !== typed) {
      event.preventDefault();
      awaited = typed;
    } else if (first) {
      event.preventDefault();
      first.click();
    }
  });
  document.addEventListener("htmx:configRequest", function (event) {
    var form = event.target;
    if (!form.matches("#search form")) return;
    form.dataset.asked = form.elements.q.value;
    if (form.dataset.asked !== awaited) awaited = null; // the text has changed
  });
  document.addEventListener("htmx:afterSwap", function (event) {
    if (event.target.id === "search-found") {
      var form = search().querySelector("form");
      form.dataset.found = form.dataset.asked;
      unanswered = null;
      if (search().open && form.dataset.found === awaited && form.elements.q.value === awaited) form.requestSubmit();
    }
  });
  ["htmx:responseError", "htmx:sendError", "htmx:timeout"].forEach(function (type) {
    document.addEventListener(type, function (event) {
      if (event.target.matches("#search form")) unanswered = event.target.dataset.asked;
    });
  });
  // Close the dialog, so that it is not open when the visitor comes back to the page.
  addEventListener("pagehide", function () { if (search() && search().open) search().close(); });

  document.addEventListener("change", function (event) {
    if (!event.target.matches("[data-single-keys]")) return;
    try {
      if (event.target.checked) localStorage.removeItem(off); else localStorage.setItem(off, "1");
    } catch (e) { /* the browser stores nothing, so the setting does not change */ }
  });
  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-single-keys]").forEach(function (el) { el.checked = singleKeys(); });
  });
})();
