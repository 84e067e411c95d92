// Parts of pages that renew themselves: elements with hx-trigger="every ...".
//
// A part that has not changed stays untouched. In one that has, the same link or button
// keeps the focus and its place in the window, and tables stay scrolled as they are. A
// part waits while the visitor selects text in it or presses something, and while the page
// is hidden.
"use strict";
(function () {
  var shown = {};      // by the id of a part, what it was renewed with
  var pressed = false; // whether a button of the mouse or a finger is down
  var kept = null;     // what to restore after the swap

  function renews(part) { return part.matches("[hx-trigger^=every]"); }

  function selecting(part) {
    var selection = getSelection();
    return !selection.isCollapsed && selection.containsNode(part, true);
  }

  // name returns what tells an element that takes the focus from the others.
  function name(el) {
    return [el.tagName, el.id, el.getAttribute("href"), el.getAttribute("aria-label"), el.name, el.value, el.dataset.keepOpen].join("\n");
  }

  function tables(part) { return Array.from(part.querySelectorAll(".table-wrap")); }

  ["pointerdown", "pointerup", "pointercancel"].forEach(function (type) {
    document.addEventListener(type, function () { pressed = type === "pointerdown"; }, true);
  });

  document.addEventListener("htmx:beforeRequest", function (event) {
    if (document.hidden && renews(event.target)) event.preventDefault();
  });

  document.addEventListener("htmx:beforeSwap", function (event) {
    var part = event.detail.target, text = event.detail.xhr.responseText;
    kept = null;
    if (event.detail.requestConfig.elt !== part || !renews(part)) {
      delete shown[part.id];
      return;
    }
    if (event.detail.xhr.status !== 200) return;
    if (pressed || selecting(part) || shown[part.id] === text) {
      event.detail.shouldSwap = false;
      return;
    }
    shown[part.id] = text;
    var focused = document.activeElement, inside = part.contains(focused) && focused !== part;
    kept = {
      id: part.id,
      focus: inside ? name(focused) : null,
      top: inside ? focused.getBoundingClientRect().top : 0,
      scrolled: tables(part).map(function (table) { return table.scrollLeft; })
    };
  });

  document.addEventListener("htmx:afterSwap", function () {
    var part = kept && document.getElementById(kept.id);
    if (!part) return;
    tables(part).forEach(function (table, i) { table.scrollLeft = kept.scrolled[i] || 0; });
    if (kept.focus !== null) {
      var same = Array.from(part.querySelectorAll("a, button, summary, input, select, [tabindex]")).find(function (el) { return name(el) === kept.focus; });
      if (same) {
        same.focus({ preventScroll: true });
        if (kept.top > 0 && kept.top < innerHeight) scrollBy(0, same.getBoundingClientRect().top - kept.top);
      }
    }
    kept = null;
  });
})();
