// The selection of rows in a table. It stays while the visitor turns pages, filters and
// sorts.
//
//   form[data-selection="KEY"]  has a selection, the same for the same KEY in this tab.
//                               data-most is the most rows that it may have, data-filter
//                               identifies the filter, data-all is the text if all
//                               rows that match are selected
//   input[name=sid]             selects its row; input[name=all] selects all rows that
//                               match, and input[data-select-page] all on the page
//   [data-selected]             says what is selected; [data-clear-selection] clears it
//   fieldset[data-with-selected]  is enabled only while something is selected
//   button[data-ends-selection], form[data-ends-selection="KEY"]  clear it when they are
//                               sent
//
// A click on a row follows its link in .main.
"use strict";
(function () {
  var anchor = ""; // the row at which a range begins

  function forms() { return document.querySelectorAll("form[data-selection]"); }
  function boxes(form) { return Array.from(form.querySelectorAll("input[name=sid]")); }

  // read returns the selection: its sids, or the filter if all that match are selected.
  function read(form) {
    try {
      var kept = JSON.parse(sessionStorage.getItem("selected:" + form.dataset.selection));
      if (kept && Array.isArray(kept.sids)) return kept;
    } catch (e) { /* not written by this script */ }
    return { sids: [] };
  }

  function write(form, kept) {
    var key = "selected:" + form.dataset.selection;
    if (kept.all === undefined && !kept.sids.length) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify(kept));
  }

  function count(n) { return n.toLocaleString("en"); }

  function show(form, more) {
    var kept = read(form), rows = boxes(form), all = kept.all !== undefined;
    if (all && kept.all !== form.dataset.filter) {
      kept = { sids: [] };
      all = false;
      write(form, kept);
      more = "All that match were selected. The filter is another now, so nothing is.";
    }
    var has = new Set(kept.sids), here = 0;
    rows.forEach(function (box) {
      box.checked = all || has.has(box.value);
      if (box.checked) here++;
    });
    var page = form.querySelector("[data-select-page]"), every = form.querySelector("[name=all]");
    if (page) {
      page.checked = here === rows.length;
      page.indeterminate = here > 0 && here < rows.length;
    }
    if (every) every.checked = all;
    var n = kept.sids.length, some = all || n > 0, text = "";
    if (all) text = form.dataset.all;
    else if (n) text = count(n) + " selected" + (n === here ? "" : ", " + (here ? count(n - here) : "all") + " on other pages");
    form.classList.toggle("some-selected", some);
    form.querySelector("[data-selected]").textContent = text + (more ? (text ? ". " : "") + more : "");
    form.querySelector("[data-clear-selection]").hidden = !some;
    form.querySelector("[data-with-selected]").disabled = !some;
  }

  // pick selects or deselects the rows of some checkboxes.
  function pick(form, some, on) {
    var kept = read(form), more = "";
    // Deselecting a row of all that match leaves the other rows of this page.
    if (kept.all !== undefined) kept = { sids: boxes(form).map(function (box) { return box.value; }) };
    var sids = new Set(kept.sids);
    some.forEach(function (box) { if (on) sids.add(box.value); else sids.delete(box.value); });
    if (on && sids.size > Number(form.dataset.most)) {
      more = "At most " + count(Number(form.dataset.most)) + " can be selected one by one. Narrow the table down by a filter and select all that match.";
    } else {
      write(form, { sids: Array.from(sids) });
    }
    show(form, more);
  }

  function clear(form) {
    write(form, { sids: [] });
    anchor = "";
    show(form);
  }

  // upTo selects a row, or with range all rows from the anchor to it.
  function upTo(box, on, range) {
    var all = boxes(box.form), to = all.indexOf(box), from = to;
    if (range) from = all.findIndex(function (other) { return other.value === anchor; });
    if (from < 0) from = to;
    pick(box.form, all.slice(Math.min(from, to), Math.max(from, to) + 1), on);
    if (!range || from === to) anchor = box.value;
  }

  function open(row, event) {
    var link = row.querySelector(".main a");
    if (!link) return;
    if (event.ctrlKey || event.metaKey || event.button === 1) window.open(link.href, "_blank", "noopener");
    else link.click();
  }

  document.addEventListener("click", function (event) {
    var form = event.target.closest("form[data-selection]");
    if (!form) return;
    if (event.target.closest("[data-clear-selection]")) return clear(form);
    if (event.target.name === "sid") return upTo(event.target, event.target.checked, event.shiftKey);
    var row = event.target.closest("tbody tr");
    if (!row || event.target.closest("a, button, input, label, select, summary")) return;
    var box = row.querySelector("input[name=sid]");
    if (box && (event.shiftKey || event.target.closest(".select"))) return upTo(box, event.shiftKey || !box.checked, event.shiftKey);
    if (String(getSelection())) return; // the visitor has selected text
    open(row, event);
  });
  document.addEventListener("auxclick", function (event) {
    var row = event.button === 1 && event.target.closest("form[data-selection] tbody tr");
    if (row && !event.target.closest("a, button, input, label")) open(row, event);
  });
  // With Shift, select rows and not text.
  document.addEventListener("mousedown", function (event) {
    if (event.shiftKey && event.target.closest("form[data-selection] tbody tr")) event.preventDefault();
  });

  document.addEventListener("change", function (event) {
    var form = event.target.form;
    if (!form || !form.matches("[data-selection]")) return;
    if (event.target.matches("[data-select-page]")) return pick(form, boxes(form), event.target.checked);
    if (event.target.name !== "all") return;
    write(form, event.target.checked ? { sids: [], all: form.dataset.filter } : { sids: [] });
    show(form);
  });

  document.addEventListener("keydown", function (event) {
    var box = event.target;
    if (event.key === "Escape") {
      if (event.defaultPrevented || document.querySelector("details.menu[open], details.confirm[open], dialog[open]")) return;
      if (box.matches && box.matches("textarea, select, input:not([type=checkbox])")) return;
      forms().forEach(clear);
      return;
    }
    if (box.name !== "sid" || !box.form || !box.form.matches("[data-selection]")) return;
    if (event.key === "Enter") { // would send the form
      event.preventDefault();
      return open(box.closest("tr"), event);
    }
    if (event.key === " " && event.shiftKey) {
      event.preventDefault();
      return upTo(box, true, true);
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    var all = boxes(box.form), next = all[all.indexOf(box) + (event.key === "ArrowDown" ? 1 : -1)];
    if (!next) return;
    if (event.shiftKey) {
      if (!anchor) upTo(box, true, false);
      upTo(next, true, true);
    }
    next.focus();
  });

  document.addEventListener("keypress", function (event) {
    if (event.key === "Enter" && event.target.name === "sid" && event.target.form.matches("[data-selection]")) event.preventDefault();
  });

  // Send the selected rows of other pages too.
  document.addEventListener("submit", function (event) {
    var ends = event.target.dataset.endsSelection;
    if (ends) sessionStorage.removeItem("selected:" + ends);
    event.target.ends = event.submitter && event.submitter.hasAttribute("data-ends-selection");
  });
  document.addEventListener("formdata", function (event) {
    var form = event.target;
    if (!form.matches("[data-selection]")) return;
    var kept = read(form);
    if (kept.all === undefined) {
      var here = new Set(boxes(form).map(function (box) { return box.value; }));
      kept.sids.forEach(function (sid) { if (!here.has(sid)) event.formData.append("sid", sid); });
    }
    if (form.ends) write(form, { sids: [] });
  });

  function showAll() { forms().forEach(function (form) { show(form); }); }
  document.addEventListener("DOMContentLoaded", showAll);
  document.addEventListener("htmx:load", showAll);
  addEventListener("pageshow", showAll); // the back button may show a page from the cache
})();
