// The dashboard's own script, beside htmx. Every page works without it.
//
//   [hidden].needs-script     is shown; it is hidden without script, which it needs
//   button[data-copy="ID"]    copies the text of the element with this id
//   [data-keep-open="NAME"]   a <details> that stays open or closed in this tab
//   [data-drop]               puts a dropped file into its input
//   form[data-sends]          sends a file with htmx; its [data-sending] shows the
//                             progress, and its [data-stop-sending] cancels
//   form[data-once]           is sent once, however often its button is pressed
//   #trouble                  shows that a request of htmx has failed
"use strict";
(function () {
  function setUp(root) {
    root.querySelectorAll(".needs-script").forEach(function (el) { el.hidden = false; });
    root.querySelectorAll("details[data-keep-open]").forEach(function (el) {
      var name = "open:" + el.dataset.keepOpen;
      if (sessionStorage.getItem(name)) el.open = true;
      el.addEventListener("toggle", function () {
        if (el.open) sessionStorage.setItem(name, "1"); else sessionStorage.removeItem(name);
      });
    });
  }

  // Browsers offer navigator.clipboard only to pages over TLS or on localhost.
  function copyOld(el) {
    var range = document.createRange(), selection = getSelection();
    range.selectNodeContents(el);
    selection.removeAllRanges();
    selection.addRange(range);
    var done = document.execCommand("copy");
    selection.removeAllRanges();
    return done;
  }

  function copied(button, done) {
    var before = button.dataset.label || button.textContent;
    button.dataset.label = before;
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    clearTimeout(button.timer);
    button.timer = setTimeout(function () { button.textContent = before; }, 2000);
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("button[data-copy]");
    if (!button) return;
    var el = document.getElementById(button.dataset.copy);
    if (!el) return;
    if (navigator.clipboard && isSecureContext) {
      navigator.clipboard.writeText(el.textContent).then(
        function () { copied(button, true); },
        function () { copied(button, copyOld(el)); });
    } else {
      copied(button, copyOld(el));
    }
  });

  // dragged returns the drop zone under a dragged file. Outside of the zones, it keeps the
  // browser from opening the file in place of the page.
  function dragged(event) {
    if (!event.dataTransfer || Array.prototype.indexOf.call(event.dataTransfer.types, "Files") < 0) return;
    var zone = event.target.closest && event.target.closest("[data-drop]");
    if (!document.querySelector("[data-drop]")) return;
    event.preventDefault();
    document.querySelectorAll("[data-drop]").forEach(function (el) {
      el.classList.toggle("over", el === zone && event.type === "dragover");
    });
    if (event.type !== "drop" || !zone || !event.dataTransfer.files.length) return;
    var input = zone.querySelector("input[type=file]");
    input.files = event.dataTransfer.files;
    input.focus();
  }
  ["dragover", "dragleave", "drop"].forEach(function (type) { document.addEventListener(type, dragged); });

  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (!form.matches("form[data-once]")) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
  // The back button may show a page from the cache, with its forms marked as sent.
  addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-once]").forEach(function (form) { delete form.dataset.sent; });
    document.querySelectorAll("form[data-sends]").forEach(function (form) { sending(form, false); });
  });

  // The progress of sending a file.
  function megabytes(bytes) { return (bytes / 1e6).toFixed(1) + " MB"; }

  function about(seconds) {
    if (seconds < 2) return "a moment";
    if (seconds < 90) return "about " + Math.round(seconds) + " seconds";
    return "about " + Math.round(seconds / 60) + " minutes";
  }

  function sending(form, on) {
    form.querySelectorAll("[data-sending], [data-stop-sending]").forEach(function (el) { el.hidden = !on; });
  }

  document.addEventListener("htmx:beforeSend", function (event) {
    if (event.target.matches("form[data-sends]")) event.target.began = performance.now();
  });
  document.addEventListener("htmx:xhr:progress", function (event) {
    var form = event.target, sent = event.detail.loaded, all = event.detail.total;
    // Receiving the answer fires progress events too.
    if (!form.matches("form[data-sends]") || !form.began || !all) return;
    var bar = form.querySelector("[data-sending] progress"), text = form.querySelector("[data-sent]");
    if (sent < all) {
      var seconds = (performance.now() - form.began) / 1000;
      bar.value = 100 * sent / all;
      text.textContent = megabytes(sent) + " of " + megabytes(all) + " sent" +
        (seconds < 1 ? "" : ", " + about(seconds * (all - sent) / sent) + " left");
      sending(form, true);
      return;
    }
    bar.removeAttribute("value");
    text.textContent = "Sent. The server looks at it.";
    form.querySelector("[data-stop-sending]").hidden = true;
    form.began = 0;
  });
  ["htmx:sendError", "htmx:sendAbort", "htmx:timeout", "htmx:responseError"].forEach(function (type) {
    document.addEventListener(type, function (event) {
      if (event.target.matches("form[data-sends]")) sending(event.target, false);
    });
  });
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-stop-sending]");
    if (button) htmx.trigger(button.form, "htmx:abort");
  });

  // htmx shows the message about a failed request in #trouble. The next request removes
  // it. A request that repeats by itself removes only the message about itself.
  var troubled = null;
  function byItself(el) { return el.matches("[hx-trigger^=every]"); }
  document.addEventListener("htmx:beforeRequest", function (event) {
    if (!byItself(event.target) || event.target === troubled) trouble("");
  });
  ["htmx:responseError", "htmx:sendError", "htmx:timeout"].forEach(function (type) {
    document.addEventListener(type, function (event) { troubled = event.target; });
  });
  function trouble(text) {
    var el = document.getElementById("trouble");
    if (!el) return;
    el.textContent = "";
    if (!text) return;
    var notice = document.createElement("p");
    notice.className = "notice bad";
    notice.textContent = text;
    el.append(notice);
  }
  document.addEventListener("htmx:sendError", function () { trouble("The server does not answer. Try again in a moment."); });
  document.addEventListener("htmx:timeout", function () { trouble("The server took too long. Try again in a moment."); });

  document.addEventListener("DOMContentLoaded", function () { setUp(document); });
  document.addEventListener("htmx:load", function (event) { setUp(event.target); });
})();
